"""A model's layers: names, shapes, kinds and what is tied, for all that transformers knows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from lora_viz.models.source import resolve

if TYPE_CHECKING:
    from torch import nn

LayerKind = Literal["Linear", "Conv1D", "Embedding", "norm", "other"]
BLOCK = re.compile(r"^(.*?\.\d+)\.(.+)$")


@dataclass(frozen=True)
class Layer:
    """One module that holds parameters itself.

    `weight_shape` is as stored: (out, in) for Linear, (in, out) for Conv1D, (rows, width) for
    Embedding. `parameters` leaves out a weight that is tied to an earlier layer's.
    """

    name: str
    kind: LayerKind
    in_features: int
    out_features: int
    weight_shape: tuple[int, ...]
    bias: bool
    parameters: int
    tied_to: str | None

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

    `context_length` is the longest sequence in tokens that it has positions for, or was made for;
    None where its configuration names none (T5's and ALiBi's positions are relative).
    """

    label: str
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


def read_architecture(model: str) -> Architecture:
    """Build the model on the meta device and list its layers. Loads torch; raises `UserError`."""
    found = resolve(model)

    from lora_viz.models.meta import build_meta_model

    built = build_meta_model(found.values)
    layers = tuple(_layers(built))
    return Architecture(
        label=found.label,
        model_type=built.config.model_type,
        class_name=type(built).__name__,
        layers=layers,
        total_parameters=sum(layer.parameters for layer in layers),
        context_length=context_length_of(built),
    )


def context_length_of(model: Any) -> int | None:
    """The longest sequence: the configuration's number, less the rows that no token has.

    RoBERTa's first token has the position after `padding_idx`
    (`create_position_ids_from_input_ids` in modeling_roberta.py).
    """
    config = model.config.get_text_config(decoder=True)
    for name in ("max_position_embeddings", "max_seq_len", "max_sequence_length"):
        number = getattr(config, name, None)
        if isinstance(number, int) and number > 0:
            tables = (
                module
                for path, module in model.named_modules()
                if path.endswith("position_embeddings")
            )
            unused = (getattr(table, "padding_idx", None) for table in tables)
            return number - max((row + 1 for row in unused if row is not None), default=0)
    return None


def _layers(model: nn.Module) -> Iterator[Layer]:
    owners: dict[int, str] = {}
    for name, module in model.named_modules():
        own = dict(module.named_parameters(recurse=False))
        if not own:
            continue
        new = [parameter for parameter in own.values() if id(parameter) not in owners]
        weight = own.get("weight", next(iter(own.values())))
        tied_to = owners.get(id(weight))
        owners.update({id(parameter): name for parameter in new})
        kind = _kind(module, weight.ndim)
        in_features, out_features = _features(kind, tuple(weight.shape))
        yield Layer(
            name=name,
            kind=kind,
            in_features=in_features,
            out_features=out_features,
            weight_shape=tuple(weight.shape),
            bias=own.get("bias") is not None,
            parameters=sum(parameter.numel() for parameter in new),
            tied_to=tied_to,
        )


def _kind(module: nn.Module, weight_dimensions: int) -> LayerKind:
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    if isinstance(module, nn.Linear):
        return "Linear"
    if isinstance(module, Conv1D):
        return "Conv1D"
    if isinstance(module, nn.Embedding):
        return "Embedding"
    return "norm" if weight_dimensions == 1 and "norm" in type(module).__name__.lower() else "other"


def _features(kind: LayerKind, shape: tuple[int, ...]) -> tuple[int, int]:
    """(in, out) from a weight's stored shape; a vector counts as in = out."""
    if not shape:
        return 1, 1
    if len(shape) == 1:
        return shape[0], shape[0]
    if kind in ("Conv1D", "Embedding"):
        return shape[0], shape[1]
    return shape[-1], shape[-2]
