"""One layer of a model's picture: what it is called, its shapes, what LoRA adds to it."""

from __future__ import annotations

from dataclasses import dataclass

from lora_viz.adapter.layout import AdaptedModule
from lora_viz.models.architecture import Layer


@dataclass(frozen=True)
class MappedLayer:
    """A layer, or several of one kind, shape and adapter in one place, such as experts.

    `label` is the shortest end of its name that is no other kind's; `layer` is the first of the
    `copies`; `adapters` are that layer's. `is_selectable` says that PEFT can adapt it by name,
    `is_trained_in_full` that it trains a copy of it and keeps the frozen original.
    """

    kind: str
    label: str
    layer: Layer
    copies: int
    adapters: tuple[AdaptedModule, ...]
    is_selectable: bool
    is_trained_in_full: bool = False

    @property
    def is_matrix(self) -> bool:
        """Whether it multiplies by a matrix, or by one for each expert, or has an adapter."""
        is_stacked = self.layer.kind == "other" and len(self.layer.weight_shape) > 1
        return self.layer.is_linear or is_stacked or bool(self.adapters)

    def added_parameters(self, rank: int) -> int:
        """Parameters that the adapter adds to one of the copies at rank r."""
        return sum(module.parameters(rank) for module in self.adapters)

    @property
    def shape(self) -> tuple[int, ...]:
        """W as (out, in), however it is stored, or as (experts, out, in); embeddings are (rows,
        width)."""
        stored = self.layer.weight_shape
        if self.layer.experts:
            return self.layer.experts, self.layer.out_features, self.layer.in_features
        return stored[::-1] if self.layer.kind == "Conv1D" else stored
