"""A model as people draw it: embedding, stacks of equal blocks, head, and what LoRA adds to each.

Everything is linear in the number of layers; equal blocks are described once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from lora_viz.adapter.counts import PEFT_PREFIX, count_trained_in_full, layer_of
from lora_viz.adapter.layout import AdaptedModule, AdapterLayout, AdapterTensor
from lora_viz.layer_map.block_parts import Part, divide_into_parts
from lora_viz.layer_map.mapped_layer import MappedLayer
from lora_viz.models.architecture import BLOCK, Architecture, Layer
from lora_viz.models.layer_kinds import LayerKinds, layer_kind

EMBEDDING = re.compile(r"embed|project_in|patch", re.IGNORECASE)
CLASS_NAME = re.compile(r"(.+?)(?:LMHead|DoubleHeads|For[A-Z]|Model$).*")


@dataclass(frozen=True)
class Block:
    """One block: its parts in the order in which data passes, and what it has besides matrices.

    `small` are norms and other layers that do not multiply by a matrix. `trained` are the tensors
    that training with the adapter changes.
    """

    name: str
    parts: tuple[Part, ...]
    small: tuple[MappedLayer, ...]
    parameters: int
    trained: tuple[AdapterTensor, ...]

    def trainable_parameters(self, rank: int) -> int:
        """Parameters that are trained in the block at rank r."""
        return sum(tensor.values(rank) for tensor in self.trained)

    @property
    def width(self) -> int:
        """How many values enter the block for each token: what its first matrix takes."""
        first = next(iter((*self.layers, *self.small)))
        return first.layer.in_features

    @property
    def layers(self) -> tuple[MappedLayer, ...]:
        """The layers that multiply by matrices."""
        return tuple(layer for part in self.parts for layer in (*part.inputs, *part.outputs))


@dataclass(frozen=True)
class BlockGroup:
    """Blocks of one stack that are alike in every layer and in what is adapted."""

    names: tuple[str, ...]
    first: Block

    def block(self, name: str) -> Block:
        """The block of this name; the first one if the group has none of this name."""
        return replace(self.first, name=name) if name in self.names else self.first


@dataclass(frozen=True)
class Stack:
    """The blocks that stand under one name, such as `transformer.h`."""

    name: str
    groups: tuple[BlockGroup, ...]


@dataclass(frozen=True)
class LayerTree:
    """A model from embedding to head.

    `family` is what transformers calls it (GPT2); `is_parallel` says that attention and
    feed-forward network of a block take the same input instead of one the other's output.
    """

    family: str
    is_parallel: bool
    items: tuple[MappedLayer | Stack, ...]

    @property
    def stacks(self) -> tuple[Stack, ...]:
        """The stacks alone: one for a decoder or an encoder, two for both."""
        return tuple(item for item in self.items if isinstance(item, Stack))

    @property
    def groups(self) -> tuple[BlockGroup, ...]:
        """The kinds of block, in order."""
        return tuple(group for stack in self.stacks for group in stack.groups)

    def group_of(self, block: str) -> BlockGroup | None:
        """The group with this block; the first one if there is none, None without any blocks."""
        first = next(iter(self.groups), None)
        return next((group for group in self.groups if block in group.names), first)


# attention and feed-forward network side by side, as in GPT-J (Wang and Komatsuzaki 2021)
PARALLEL_MODELS = {"gpt_neox", "gptj", "codegen", "phi", "cohere", "cohere2"}


def build_layer_tree(architecture: Architecture, layout: AdapterLayout) -> LayerTree:
    """Group a model's layers, with the adapter's modules at the layers that they adapt."""
    parts = _Parts(architecture, layout)
    stacks = _stacks(architecture, parts)
    outside = [layer for layer in architecture.layers if layer.block is None]
    before: dict[str, list[MappedLayer]] = {name: [] for name in stacks}
    after: dict[str, list[MappedLayer]] = {name: [] for name in stacks}
    alone: list[MappedLayer] = []
    for mapped in parts.map_layers(outside):
        is_embedding = _is_embedding(mapped.layer)
        nearest = _nearest(mapped.layer.name, list(stacks), first=is_embedding)
        if nearest is None:
            alone.append(mapped)
        else:
            (before if is_embedding else after)[nearest].append(mapped)
    for embeddings in before.values():
        embeddings.sort(key=lambda mapped: mapped.layer.kind != "Embedding")
    items = [
        item for name, stack in stacks.items() for item in (*before[name], stack, *after[name])
    ]
    named = CLASS_NAME.match(architecture.class_name)
    return LayerTree(
        family=named.group(1) if named else architecture.class_name,
        is_parallel=architecture.model_type in PARALLEL_MODELS,
        items=tuple(items) or tuple(alone),
    )


class _Parts:
    """A model's layers and an adapter's tensors, found by name."""

    def __init__(self, architecture: Architecture, layout: AdapterLayout) -> None:
        self.kinds = LayerKinds(architecture)
        layers = {layer.name: layer for layer in architecture.layers}
        self.adapters: dict[str, list[AdaptedModule]] = {}
        for module in layout.modules:
            self.adapters.setdefault(layer_of(module, layers).name, []).append(module)
        self.in_full = count_trained_in_full(layout)
        self.trained: dict[str, list[AdapterTensor]] = {}
        for tensor in layout.tensors:
            block = BLOCK.match(tensor.name.removeprefix(PEFT_PREFIX))
            if tensor.trainable and block:
                self.trained.setdefault(block.group(1), []).append(tensor)

    def map_layers(self, layers: Iterable[Layer]) -> list[MappedLayer]:
        """The layers in order; those of one kind and shape with equal adapters as one."""
        alike: dict[tuple[object, ...], list[Layer]] = {}
        for layer in layers:
            alike.setdefault((layer_kind(layer.name), *self.signature(layer)), []).append(layer)
        return [self._map(equal) for equal in alike.values()]

    def signature(self, layer: Layer) -> tuple[object, ...]:
        """What has to be equal for two layers to be alike, apart from their names."""
        adapters = tuple(
            (tensor.role, tensor.shape)
            for module in self.adapters.get(layer.name, ())
            for tensor in module.tensors
        )
        in_full = layer.name in self.in_full
        return layer.kind, layer.weight_shape, layer.parameters, adapters, in_full

    def _map(self, equal: list[Layer]) -> MappedLayer:
        kind = layer_kind(equal[0].name)
        adapters = tuple(self.adapters.get(equal[0].name, ()))
        in_full = equal[0].name in self.in_full
        return MappedLayer(
            kind=kind,
            label=self.kinds.label(kind),
            layer=equal[0],
            copies=len(equal),
            adapters=adapters,
            is_selectable=(self.kinds.can_be_named(kind) or bool(adapters)) and not in_full,
            is_trained_in_full=in_full,
        )


def _stacks(architecture: Architecture, parts: _Parts) -> dict[str, Stack]:
    blocks: dict[str, list[Layer]] = {}
    for layer in architecture.layers:
        if layer.block:
            blocks.setdefault(layer.block, []).append(layer)
    stacks: dict[str, dict[str, list[Layer]]] = {}
    for name, layers in blocks.items():
        stacks.setdefault(name.rpartition(".")[0], {})[name] = layers
    return {name: Stack(name, _groups(inside, parts)) for name, inside in stacks.items()}


def _groups(blocks: Mapping[str, list[Layer]], parts: _Parts) -> tuple[BlockGroup, ...]:
    alike: dict[tuple[object, ...], list[str]] = {}
    for name, layers in blocks.items():
        signature = tuple((layer.module_type, *parts.signature(layer)) for layer in layers)
        trained = tuple((tensor.role, tensor.shape) for tensor in parts.trained.get(name, ()))
        alike.setdefault((signature, trained), []).append(name)
    return tuple(
        BlockGroup(tuple(names), _block(names[0], blocks[names[0]], parts))
        for names in alike.values()
    )


def _block(name: str, layers: list[Layer], parts: _Parts) -> Block:
    mapped = parts.map_layers(layers)
    matrices = [layer for layer in mapped if layer.is_matrix]
    return Block(
        name=name,
        parts=divide_into_parts(matrices),
        small=tuple(layer for layer in mapped if not layer.is_matrix),
        parameters=sum(layer.parameters for layer in layers),
        trained=tuple(parts.trained.get(name, ())),
    )


def _is_embedding(layer: Layer) -> bool:
    """Whether a layer outside of the blocks turns the input into what the first block takes."""
    return layer.kind == "Embedding" or bool(EMBEDDING.search(layer.name))


def _nearest(name: str, stacks: list[str], *, first: bool) -> str | None:
    """The stack whose name begins like the layer's; of equally near ones the first or the last."""
    in_order = stacks if first else stacks[::-1]
    return max(in_order, key=lambda stack: _shared_parts(name, stack), default=None)


def _shared_parts(name: str, other: str) -> int:
    count = 0
    for part, other_part in zip(name.split("."), other.split("."), strict=False):
        if part != other_part:
            break
        count += 1
    return count
