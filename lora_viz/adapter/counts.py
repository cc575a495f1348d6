"""Parameters counted by kind of layer, by block and for the whole model: full and LoRA."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from typing import get_args

from lora_viz.adapter.layout import AdaptedModule, AdapterLayout, AdapterTensor, TensorRole
from lora_viz.models.architecture import BLOCK, Architecture, Layer, module_type

PEFT_PREFIX = "base_model.model."


@dataclass(frozen=True)
class Count:
    """What full fine-tuning trains and what the adapter trains, both in parameters.

    `parts` holds the adapter's share by role, in the order in which it is drawn.
    """

    full: int
    parts: dict[TensorRole, int]

    @property
    def trainable(self) -> int:
        """Parameters that are trained with the adapter: all parts together."""
        return sum(self.parts.values())

    @property
    def share(self) -> float:
        """Trained with the adapter, as a share of what full fine-tuning trains."""
        return self.trainable / self.full


@dataclass(frozen=True)
class ModuleKind:
    """Adapted layers of one name and shape; `one` counts a single one of the `modules` layers.

    `rank` is theirs, which `rank_pattern` may have made another than that of the others. `one.full`
    is the weight W alone, in × out (times the experts where they are stacked in W).
    """

    name: str
    in_features: int
    out_features: int
    modules: int
    rank: int
    one: Count

    @property
    def trainable(self) -> int:
        """Parameters that are trained in all layers of this kind."""
        return self.modules * self.one.trainable


@dataclass(frozen=True)
class BlockCount:
    """One block with all its parameters, and how many blocks have the same adapter (itself too)."""

    name: str
    alike: int
    count: Count


def count_modules(layout: AdapterLayout, rank: int) -> dict[str, Count]:
    """Each adapted module by name: its weight W, its A, B, magnitude and trained bias."""
    biases = _trained_in_base(layout, rank)
    return {
        module.name: Count(
            module.base_weight,
            _in_order(_own_parts(module, rank) + biases.get(module.name, Counter())),
        )
        for module in layout.modules
    }


def count_kinds(layout: AdapterLayout, rank: int) -> list[ModuleKind]:
    """The kinds of adapted layer, in the order in which the model has them."""
    counts = count_modules(layout, rank)
    alike: dict[tuple[object, ...], list[AdaptedModule]] = {}
    for module in layout.modules:
        count = counts[module.name]
        parts = tuple(count.parts.items())
        kind = (module_type(module.name), count.full, module.own_rank, parts)
        alike.setdefault(kind, []).append(module)
    return [
        ModuleKind(
            module_type(modules[0].name),
            modules[0].in_features,
            modules[0].out_features,
            len(modules),
            modules[0].rank_at(rank),
            counts[modules[0].name],
        )
        for modules in alike.values()
    ]


def count_blocks(architecture: Architecture, layout: AdapterLayout, rank: int) -> list[BlockCount]:
    """The blocks in which something is trained, those with the same adapter as one entry.

    The full count of an entry is its first block's, with norms and biases.
    """
    full: Counter[str] = Counter()
    for layer in architecture.layers:
        if layer.block:
            full[layer.block] += layer.parameters
    adapters: dict[str, list[tuple[str, TensorRole, int]]] = {}
    for name, role, values in _trained(layout, rank):
        if match := BLOCK.match(name):
            adapters.setdefault(match.group(1), []).append((match.group(2), role, values))
    alike: dict[tuple[tuple[str, TensorRole, int], ...], list[str]] = {}
    for block, adapter in adapters.items():
        alike.setdefault(tuple(adapter), []).append(block)
    return [
        BlockCount(blocks[0], len(blocks), Count(full[blocks[0]], _sum_by_role(adapter)))
        for adapter, blocks in alike.items()
    ]


def count_layers(
    architecture: Architecture, layout: AdapterLayout, rank: int, block: str
) -> list[tuple[Layer, Count]]:
    """The layers of one block that multiply by matrices or are adapted, each with its counts."""
    layers = {layer.name: layer for layer in architecture.layers}
    modules = count_modules(layout, rank)
    parts: dict[str, Counter[TensorRole]] = {}
    for module in layout.modules:
        counter = parts.setdefault(layer_of(module, layers).name, Counter())
        counter.update(modules[module.name].parts)
    return [
        (layer, Count(_weight(layer), _in_order(parts.get(layer.name, Counter()))))
        for layer in architecture.layers
        if layer.block == block
        and (layer.is_linear or layer.kind == "other" or layer.name in parts)
    ]


def most_adapted_block(layout: AdapterLayout) -> str | None:
    """The first of the blocks with the most adapted modules; None if all are outside of blocks."""
    matches = (BLOCK.match(module.name) for module in layout.modules)
    blocks = Counter(match.group(1) for match in matches if match)
    return max(blocks, key=blocks.__getitem__, default=None)


def default_layer(architecture: Architecture, layout: AdapterLayout) -> str:
    """The last kind of adapted layer in the first block that has one (GPT-2: attn.c_proj)."""
    linear = {layer.name: layer for layer in architecture.linear_layers()}
    adapted = [linear[module.name] for module in layout.modules if module.name in linear]
    if not adapted:
        return next(iter(linear))
    return [layer.name for layer in adapted if layer.block == adapted[0].block][-1]


def count_model(layout: AdapterLayout, rank: int) -> Count:
    """The whole model: every parameter of the base, and all that the adapter trains."""
    return Count(layout.total_parameters, _in_order(Counter(layout.trainable_by_role(rank))))


def count_trained_in_full(layout: AdapterLayout) -> dict[str, int]:
    """Each layer of which PEFT trains a whole copy, such as a classification head's, by its name,
    with how many parameters that copy has at any rank."""
    counts: Counter[str] = Counter()
    for tensor in layout.base_tensors:
        if tensor.role == "module_to_save":
            counts[_layer_name(tensor)] += tensor.values(1)
    return dict(counts)


def count_trained_tokens(layout: AdapterLayout) -> dict[str, int]:
    """Each embedding of which PEFT trains rows of some tokens alone, with their parameters."""
    return {
        _layer_name(tensor): tensor.values(1)
        for tensor in layout.base_tensors
        if tensor.role == "tokens" and tensor.trainable
    }


def all_parameters_of_peft(layout: AdapterLayout, rank: int) -> int:
    """What PEFT's `print_trainable_parameters` divides by: the base model and the adapter."""
    return layout.total_parameters + layout.added_parameters(rank)


def line_of_peft(layout: AdapterLayout, rank: int) -> str:
    """The line that PEFT's `print_trainable_parameters` prints."""
    return peft_line(layout.trainable_parameters(rank), all_parameters_of_peft(layout, rank))


def peft_line(trainable: int, everything: int) -> str:
    """Two counts of parameters in the form in which PEFT prints them."""
    return (
        f"trainable params: {trainable:,d} || all params: {everything:,d} "
        f"|| trainable%: {100 * trainable / everything:.4f}"
    )


def layer_of(module: AdaptedModule, layers: Mapping[str, Layer]) -> Layer:
    """The base model's layer that a module adapts, or that holds the parameter it adapts."""
    return layers.get(module.name) or layers[module.name.rpartition(".")[0]]


def _weight(layer: Layer) -> int:
    """Values in W; of a layer of another kind, such as fused experts, all its parameters."""
    return prod(layer.weight_shape) if layer.is_linear else layer.parameters


def _own_parts(module: AdaptedModule, rank: int) -> Counter[TensorRole]:
    parts: Counter[TensorRole] = Counter()
    for tensor in module.tensors:
        parts[tensor.role] += tensor.values(rank)
    return parts


def _trained_in_base(layout: AdapterLayout, rank: int) -> dict[str, Counter[TensorRole]]:
    """What is trained of the base model's own tensors, by the layer that holds it."""
    trained: dict[str, Counter[TensorRole]] = {}
    for tensor in layout.base_tensors:
        if tensor.trainable:
            counter = trained.setdefault(_layer_name(tensor), Counter())
            counter[tensor.role] += tensor.values(rank)
    return trained


def _layer_name(tensor: AdapterTensor) -> str:
    """`base_model.model.h.0.attn.c_attn.base_layer.bias` → `h.0.attn.c_attn`."""
    holder = tensor.name.removeprefix(PEFT_PREFIX).rpartition(".")[0]
    return holder.removesuffix(".base_layer").removesuffix(".token_adapter")


def _trained(layout: AdapterLayout, rank: int) -> Iterable[tuple[str, TensorRole, int]]:
    """Every trained tensor as its layer's name, its role and how many values it holds."""
    for module in layout.modules:
        for tensor in module.tensors:
            yield module.name, tensor.role, tensor.values(rank)
    for tensor in layout.base_tensors:
        if tensor.trainable:
            yield _layer_name(tensor), tensor.role, tensor.values(rank)


def _sum_by_role(trained: Iterable[tuple[str, TensorRole, int]]) -> dict[TensorRole, int]:
    parts: Counter[TensorRole] = Counter()
    for _name, role, values in trained:
        parts[role] += values
    return _in_order(parts)


def _in_order(parts: Counter[TensorRole]) -> dict[TensorRole, int]:
    return {role: parts[role] for role in get_args(TensorRole) if parts[role]}
