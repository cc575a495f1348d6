"""What training did to each weight: is the change of low rank at all?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from lora_viz.training.data.tokens import spread
from lora_viz.training.runs.results import LayerChange
from lora_viz.training.runs.run_folder import Run
from lora_viz.training.work.snapshots import LARGEST_KEPT_WEIGHT
from lora_viz.training.work.weight_changes import adapted_layers, linear_layers, low_rank, weight_of

KEPT_LAYERS = 4
FILE = "layer_changes.safetensors"


def lora_changes(model: nn.Module, is_packed: bool) -> Iterator[LayerChange]:
    """ΔW of every adapted layer, from A and B; a packed W has no norm to compare it with."""
    for name, layer in adapted_layers(model).items():
        change = low_rank(layer)
        values = change.singular_values()
        yield LayerChange(
            layer=name,
            shape=(change.b.shape[0], change.a.shape[1]),
            singular_values=values,
            delta_norm=sum(value**2 for value in values) ** 0.5,
            base_norm=None if is_packed else float(weight_of(layer).norm()),
        )


def full_changes(run: Run, before: nn.Module, after: nn.Module) -> list[LayerChange]:
    """ΔW = W after − W before of every linear layer; that of a few is kept in a file."""
    layers, trained = linear_layers(before), linear_layers(after)
    kept: dict[str, Tensor] = {}
    changes = []
    for name in layers:
        change, delta = _full_change(name, layers[name], trained[name])
        if name in spread([*layers], KEPT_LAYERS) and delta.numel() <= LARGEST_KEPT_WEIGHT:
            kept[f"{name}.delta"] = delta
            change = change.model_copy(update={"file": FILE})
        changes.append(change)
    if kept:
        save_file(kept, run.path / FILE)
    return changes


def _full_change(name: str, before: Any, after: Any) -> tuple[LayerChange, Tensor]:
    base = weight_of(before)
    delta = weight_of(after) - base
    rows, columns = delta.shape
    change = LayerChange(
        layer=name,
        shape=(rows, columns),
        singular_values=tuple(torch.linalg.svdvals(delta).tolist()),
        delta_norm=float(delta.norm()),
        base_norm=float(base.norm()),
    )
    return change, delta
