"""An adapter's layout of a deep model from that of a shallow one, whose blocks stand for all.

Importing this module loads torch and peft; only worker processes and the command line do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from typing import Any, TypeVar

from torch import nn

from lora_viz.adapter.from_peft import PEFT_PREFIX, layout_from_peft
from lora_viz.adapter.layout import AdaptedModule, AdapterLayout, AdapterTensor, AdapterWarning
from lora_viz.adapter.peft_matching import depends_on_numbers
from lora_viz.models.alike_blocks import BlockList, make_shallow

ModuleOrTensor = TypeVar("ModuleOrTensor", AdaptedModule, AdapterTensor)


def whole_layout(model: nn.Module, choices: Mapping[str, Any]) -> AdapterLayout:
    """As `layout_from_peft`, but PEFT adapts only a few of the blocks that are alike.

    What can match one block and not the next is asked about the whole model. Changes the model.
    Raises `UserError`.
    """
    total = sum(parameter.numel() for parameter in model.parameters())
    experts = _stacked_experts(model)
    return _with_word_on_experts(_layout(model, choices, total), experts / total)


def _stacked_experts(model: nn.Module) -> int:
    """How many values are of experts whose weights are stacked in one parameter each."""
    return sum(
        parameter.numel()
        for name, parameter in model.named_parameters()
        if parameter.ndim == 3 and "experts" in name.split(".")
    )


def _with_word_on_experts(layout: AdapterLayout, share: float) -> AdapterLayout:
    if not share or any(module.experts > 1 for module in layout.modules):
        return layout
    warning = AdapterWarning("experts_frozen", f"{100 * share:.0f}", ())
    return replace(layout, warnings=(*layout.warnings, warning))


def _layout(model: nn.Module, choices: Mapping[str, Any], total: int) -> AdapterLayout:
    if depends_on_numbers(choices):
        return layout_from_peft(model, choices)
    lists = make_shallow(model, adapted={}, context=1)
    shallow = layout_from_peft(model, choices)
    return replace(
        shallow,
        modules=tuple(_repeat(shallow.modules, lists, "", _in_block)),
        base_tensors=tuple(_repeat(shallow.base_tensors, lists, PEFT_PREFIX, _renamed)),
        total_parameters=total,
    )


def _repeat(
    found: Iterable[ModuleOrTensor],
    lists: list[BlockList],
    before: str,
    rename: Callable[[ModuleOrTensor, str, str], ModuleOrTensor],
) -> Iterator[ModuleOrTensor]:
    """What was found in the kept blocks, for every block that those stand for, in its order."""
    by_name = {f"{before}{blocks.name}.": blocks for blocks in lists}

    def list_of(one: ModuleOrTensor) -> str | None:
        return next((name for name in by_name if one.name.startswith(name)), None)

    for name, group in groupby(found, list_of):
        if name is None:
            yield from group
            continue
        in_place: dict[int, list[ModuleOrTensor]] = {}
        for one in group:
            place = int(one.name.removeprefix(name).partition(".")[0])
            in_place.setdefault(place, []).append(one)
        for number, place in enumerate(by_name[name].stands_in):
            for one in in_place.get(place, ()):
                yield rename(one, f"{name}{place}.", f"{name}{number}.")


def _renamed(tensor: AdapterTensor, old: str, new: str) -> AdapterTensor:
    return replace(tensor, name=tensor.name.replace(old, new, 1))


def _in_block(module: AdaptedModule, old: str, new: str) -> AdaptedModule:
    tensors = tuple(_renamed(tensor, old, new) for tensor in module.tensors)
    return replace(module, name=module.name.replace(old, new, 1), tensors=tensors)
