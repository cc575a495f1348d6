"""What is read off a built model: its layers as plain data, and the longest sequence it takes.

Importing this module loads torch and transformers; only worker processes and the command line do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import nn
from transformers.pytorch_utils import Conv1D

from lora_viz.models.architecture import Layer, LayerKind


def layers_of(model: nn.Module) -> Iterator[Layer]:
    """Every module that holds parameters of its own, in the model's order."""
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
        if getattr(module, "is_transposed", False):  # as gpt-oss stacks its experts
            in_features, out_features = out_features, in_features
        yield Layer(
            name=name,
            kind=kind,
            in_features=in_features,
            out_features=out_features,
            weight_shape=tuple(weight.shape),
            bias=own.get("bias") is not None,
            parameters=sum(parameter.numel() for parameter in new),
            tied_to=tied_to,
            experts=_experts(module, tuple(weight.shape)),
        )


def _experts(module: nn.Module, shape: tuple[int, ...]) -> int:
    """How many experts' matrices transformers 5 has stacked in a module's weights; 0 in others."""
    number = getattr(module, "num_experts", 0)
    return number if len(shape) == 3 and shape[0] == number else 0


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


def _kind(module: nn.Module, weight_dimensions: int) -> LayerKind:
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
