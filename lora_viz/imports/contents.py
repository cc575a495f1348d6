"""What an adapter may hold of which only a number is known: its parameters, or its file's bytes.

Looked for are the sets of target modules that people use, at every rank, with and without DoRA's
magnitudes and with copies of the embedding and of the head. Every one that fits is an answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from lora_viz.adapter.layout import AdapterLayout, AdapterTensor
from lora_viz.checkpoint.sizes import adapter_bytes
from lora_viz.choices.scenario import Scenario
from lora_viz.choices.targets import ALL_LINEAR
from lora_viz.dtypes import BYTES_PER_VALUE
from lora_viz.imports.peft_files import PEFT_TARGETS
from lora_viz.models.architecture import Architecture, Layer
from lora_viz.models.catalogue import default_targets
from lora_viz.models.layer_kinds import LayerKinds, layer_kind

ATTENTION = re.compile(r"attn|attention", re.IGNORECASE)
MOST_HEADER_BYTES = 400  # of one tensor in a file's header
LayoutOf = Callable[[Scenario], AdapterLayout]
Kinds = frozenset[str]


@dataclass(frozen=True)
class Match:
    """One adapter with just that number of parameters, or of bytes.

    Attributes:
        targets: its target modules.
        rank: its rank.
        dora: whether it has DoRA's magnitudes.
        saved: the layers of which it holds a whole copy.
        adapter_dtype: of its file's A and B; None where only parameters are known.
        saved_dtype: of the copies; None where there are none.
        everything: parameters of the base model and the adapter together, as PEFT counts them.
    """

    targets: tuple[str, ...]
    rank: int
    dora: bool
    saved: tuple[str, ...]
    adapter_dtype: str | None
    saved_dtype: str | None
    everything: int

    @property
    def changes(self) -> dict[str, Any]:
        """The fields of the scenario that it sets."""
        changes: dict[str, Any] = {
            "target_modules": self.targets,
            "rank": self.rank,
            "dora": self.dora,
        }
        if self.adapter_dtype:
            changes["adapter_dtype"] = self.adapter_dtype
        if "modules_to_save" in Scenario.model_fields:
            changes["modules_to_save"] = tuple(name.rpartition(".")[2] for name in self.saved)
        return changes


@dataclass(frozen=True)
class _Candidate:
    """An adapter at any rank: its layout, and what it is called."""

    targets: tuple[str, ...]
    dora: bool
    saved: tuple[str, ...]
    layout: AdapterLayout

    def match(self, rank: int, adapter_dtype: str | None, saved_dtype: str | None) -> Match:
        everything = self.layout.total_parameters + self.layout.added_parameters(rank)
        return Match(
            self.targets, rank, self.dora, self.saved, adapter_dtype, saved_dtype, everything
        )


def adapters_with_parameters(
    model: str, architecture: Architecture, layout_of: LayoutOf, parameters: int
) -> list[Match]:
    """The adapters that train just so many parameters, the usual ones first.

    Args:
        model: its name.
        architecture: its layers.
        layout_of: the adapter of a scenario, as PEFT makes it.
    """
    found = [
        candidate.match(rank, None, None)
        for candidate in _candidates(model, architecture, layout_of)
        for rank in _ranks_with(candidate.layout, parameters)
    ]
    return sorted(found, key=_how_unusual)


def adapters_with_bytes(
    model: str, architecture: Architecture, layout_of: LayoutOf, size: int
) -> list[Match]:
    """The adapters whose `adapter_model.safetensors` has just so many bytes, the usual ones
    first. The arguments are those of `adapters_with_parameters`."""
    found = [
        candidate.match(rank, dtype, saved_dtype if candidate.saved else None)
        for candidate in _candidates(model, architecture, layout_of)
        for dtype in BYTES_PER_VALUE
        for saved_dtype in (BYTES_PER_VALUE if candidate.saved else (dtype,))
        for rank in _ranks_of_bytes(candidate.layout, size, dtype, saved_dtype)
    ]
    return sorted(found, key=_how_unusual)


def _how_unusual(match: Match) -> tuple[bool, bool, int]:
    """What sorts the usual before the rest: ranks are mostly powers of two."""
    return (match.dora, match.rank & (match.rank - 1) != 0, len(match.saved))


def _ranks_with(layout: AdapterLayout, parameters: int) -> Iterator[int]:
    """The one rank at which an adapter trains so many parameters, if there is one."""
    of_each_rank = layout.trainable_parameters(2) - layout.trainable_parameters(1)
    fixed = layout.trainable_parameters(1) - of_each_rank
    rank, rest = divmod(parameters - fixed, of_each_rank)
    low, high = Scenario.limits("rank")
    if rest == 0 and low <= rank <= high:
        yield rank


def _ranks_of_bytes(
    layout: AdapterLayout, size: int, adapter_dtype: str, saved_dtype: str
) -> Iterator[int]:
    """The ranks at which an adapter's file has so many bytes; mostly there is none, or one."""
    tensors = [tensor for tensor in layout.tensors if tensor.saved]

    def value_bytes(rank: int) -> int:
        return sum(
            tensor.values(rank)
            * BYTES_PER_VALUE[adapter_dtype if tensor.in_adapter_dtype else saved_dtype]
            for tensor in tensors
        )

    of_each_rank = value_bytes(2) - value_bytes(1)
    low, high = Scenario.limits("rank")
    rank = min((size - value_bytes(1)) // of_each_rank + 1, high)
    while rank >= low and size - value_bytes(rank) <= MOST_HEADER_BYTES * len(tensors):
        if adapter_bytes(layout, rank, adapter_dtype, saved_dtype) == size:
            yield rank
        rank -= 1


def _candidates(
    model: str, architecture: Architecture, layout_of: LayoutOf
) -> Iterator[_Candidate]:
    """Every adapter that is looked for, at rank 1."""
    kinds = LayerKinds(architecture)
    copies = [
        tuple(layers)
        for count in range(3)
        for layers in combinations(_embedding_and_head(architecture), count)
    ]
    for dora in (False, True):
        whole = layout_of(Scenario(model=model, target_modules=(ALL_LINEAR,), dora=dora))
        for wanted in _usual_sets(model, architecture, whole, kinds):
            modules = tuple(one for one in whole.modules if layer_kind(one.name) in wanted)
            targets = _names(wanted, whole, kinds)
            for layers in copies:
                tensors = whole.base_tensors + tuple(
                    tensor for layer in layers for tensor in _copy(layer)
                )
                yield _Candidate(
                    targets,
                    dora,
                    tuple(layer.name for layer in layers),
                    replace(whole, modules=modules, base_tensors=tensors),
                )


def _usual_sets(
    model: str, architecture: Architecture, whole: AdapterLayout, kinds: LayerKinds
) -> list[Kinds]:
    """The kinds of layer that people adapt together, each set once."""
    adapted = tuple(dict.fromkeys(layer_kind(module.name) for module in whole.modules))
    attention = tuple(kind for kind in adapted if ATTENTION.search(kind))
    others = tuple(kind for kind in adapted if kind not in attention)
    named = [default_targets(model), PEFT_TARGETS.get(architecture.model_type, ())]
    sets = [
        frozenset(kind for name in names for kind in kinds.matched_by(name) if kind in adapted)
        for names in named
    ]
    sets += [frozenset(adapted), frozenset(attention), frozenset(others)]
    for count in (1, 2, 3):
        sets += map(frozenset, combinations(attention, count))
    sets += [frozenset({kind}) for kind in others]
    return [one for one in dict.fromkeys(sets) if one]


def _names(wanted: Kinds, whole: AdapterLayout, kinds: LayerKinds) -> tuple[str, ...]:
    """Target modules that match these kinds and no others."""
    adapted = list(dict.fromkeys(layer_kind(module.name) for module in whole.modules))
    if wanted == frozenset(adapted):
        return (ALL_LINEAR,)
    in_order = [kind for kind in adapted if kind in wanted]
    names = kinds.names(in_order, among=in_order)
    return (kinds.pattern(in_order),) if names is None else names


def _embedding_and_head(architecture: Architecture) -> list[Layer]:
    """The layer that turns tokens to vectors, and the one that turns vectors to tokens."""
    embedding = next((one for one in architecture.layers if one.kind == "Embedding"), None)
    if embedding is None:
        return []
    heads = (
        layer
        for layer in reversed(architecture.linear_layers())
        if layer.block is None and layer.weight_shape == embedding.weight_shape
    )
    head = next(heads, None)
    return [embedding, head] if head else [embedding]


def _copy(layer: Layer) -> Iterator[AdapterTensor]:
    """The tensors of a layer that PEFT trains a copy of, as its file calls them."""
    shapes = {"weight": layer.weight_shape}
    if layer.bias:
        shapes["bias"] = (layer.out_features,)
    for name, shape in shapes.items():
        yield AdapterTensor(
            f"base_model.model.{layer.name}.{name}", "module_to_save", shape, None, True, True
        )
