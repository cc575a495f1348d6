"""The recorded step of a shallow model, which stands for the whole one.

Importing this module loads torch, transformers and peft.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import nn

from lora_viz.adapter.peft_matching import MatchedParts, depends_on_numbers, matched_parts
from lora_viz.adapter.refusals_from_peft import refused_readably
from lora_viz.memory.extend import Depth
from lora_viz.memory.settings import StepSettings
from lora_viz.memory.torch_step.classify import classify
from lora_viz.memory.torch_step.inputs import check_inputs, check_packing, prepare_for_batches
from lora_viz.memory.torch_step.losses.install import check_loss
from lora_viz.memory.torch_step.several_cards.whole_model import WholeModel, whole_model
from lora_viz.memory.torch_step.stand_in import prepare_model
from lora_viz.memory.torch_step.step import record_step
from lora_viz.memory.trace import Trace
from lora_viz.models.alike_blocks import BlockList, block_lists, make_shallow, shallow_name
from lora_viz.models.changed import build_changed


@dataclass(frozen=True)
class Recorded:
    """A shallow model's trace and depths; what the whole model trains, and its weights."""

    trace: Trace
    depths: list[Depth]
    trainable_parameters: int
    model: WholeModel


def record_shallow(values: dict[str, Any], settings: StepSettings, context: int) -> Recorded:
    """Build the model, keep a few of its alike blocks, and record a step of it.

    Args:
        context: how many neighbours on each side two blocks have to share; 0 keeps every block.

    Raises:
        UserError: the configuration or the target modules are wrong.
    """
    model = build_changed(values, settings.model_changes)
    check_inputs(model)
    check_packing(model, settings)
    check_loss(model, settings)
    prepare_for_batches(model)
    choices, matched = settings.lora_choices, MatchedParts()
    if settings.trains_adapter:
        with refused_readably(model, choices):
            matched = matched_parts(model, choices)
    lists = make_shallow(model, matched.by_name, context)
    if depends_on_numbers(choices):
        choices |= matched.renamed(lambda name: shallow_name(name, lists))
    stand_in = prepare_model(model, settings, choices)
    kept = [list(blocks) for blocks in block_lists(stand_in.base).values()]
    depths = depths_of(lists)
    trace = record_step(stand_in, kept, settings, times_of(kept, depths))
    weights = whole_model(stand_in.whole, stand_in.base, kept, depths)
    classify(trace, stand_in.base.config.get_text_config().vocab_size)
    return Recorded(trace, depths, _trainable(stand_in.whole, times_of(kept, depths)), weights)


def depths_of(lists: list[BlockList]) -> list[Depth]:
    """The depths of the lists of blocks, which are numbered through."""
    depths: list[Depth] = []
    for blocks in lists:
        first = sum(depth.kept for depth in depths)
        depths.append(Depth(first, len(blocks.kept), blocks.stands_in))
    return depths


def times_of(kept: list[list[nn.Module]], depths: list[Depth]) -> dict[int, int]:
    """For every parameter in a kept block, by its id, how many of the whole model's it stands for.

    What is in no block stands for itself and is left out.
    """
    return {
        id(parameter): depth.stands_in.count(place)
        for blocks, depth in zip(kept, depths, strict=True)
        for place, block in enumerate(blocks)
        for parameter in block.parameters()
    }


def _trainable(whole: nn.Module, times: dict[int, int]) -> int:
    """Trainable values of the whole model: each kept block's as often as it stands for one."""
    return sum(
        parameter.numel() * times.get(id(parameter), 1)
        for parameter in whole.parameters()
        if parameter.requires_grad
    )
