"""A model's layers: names, shapes, kinds and what is tied, for all that transformers knows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from lora_viz.models.source import ModelKind

LayerKind = Literal["Linear", "Conv1D", "Embedding", "norm", "other"]
BLOCK = re.compile(r"^(.*?\.\d+)\.(.+)$")


@dataclass(frozen=True)
class Layer:
    """One module that holds parameters itself.

    `weight_shape` is as stored: (out, in) for Linear, (in, out) for Conv1D, (rows, width) for
    Embedding, and for `experts` that are stacked (experts, out, in) or (experts, in, out), of the
    first of their weights. `parameters` leaves out a weight that is tied to an earlier layer's.
    """

    name: str
    kind: LayerKind
    in_features: int
    out_features: int
    weight_shape: tuple[int, ...]
    bias: bool
    parameters: int
    tied_to: str | None
    experts: int = 0

    @property
    def block(self) -> str | None:
        """The numbered block that the layer is in, such as `transformer.h.0`."""
        match = BLOCK.match(self.name)
        return match.group(1) if match else None

    @property
    def module_type(self) -> str:
        """The layer's name inside its block, such as `attn.c_attn`; outside of blocks its name."""
        return module_type(self.name)

    @property
    def is_linear(self) -> bool:
        """Whether it multiplies by a matrix, which is where LoRA is used most."""
        return self.kind in ("Linear", "Conv1D")


@dataclass(frozen=True)
class Architecture:
    """A model as its layers, in the order in which the model declares them.

    `kind` and `name` are those of its configuration (`models.source.ModelConfig`).
    `context_length` is the longest sequence in tokens that it has positions for, or was made for;
    None where its configuration names none (T5's and ALiBi's positions are relative).
    """

    kind: ModelKind
    name: str
    model_type: str
    class_name: str
    layers: tuple[Layer, ...]
    total_parameters: int
    context_length: int | None

    @property
    def blocks(self) -> tuple[str, ...]:
        """The numbered blocks, such as `transformer.h.0` … `transformer.h.11`, in order."""
        return tuple(dict.fromkeys(layer.block for layer in self.layers if layer.block))

    def linear_layers(self) -> tuple[Layer, ...]:
        """The layers that multiply by a matrix, in order."""
        return tuple(layer for layer in self.layers if layer.is_linear)

    def layer(self, name: str) -> Layer:
        """The layer of this name. Raises `KeyError` if there is none."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(name)


def module_type(name: str) -> str:
    """What a layer is called inside its block: `transformer.h.0.attn.c_attn` → `attn.c_attn`."""
    match = BLOCK.match(name)
    return match.group(2) if match else name
