"""Snapshots of a few layers while a model learns."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from lora_viz.choices.scenario import Scenario
from lora_viz.training.data.tokens import spread
from lora_viz.training.runs.events import LayerReading, SnapshotEvent
from lora_viz.training.runs.run_folder import Run
from lora_viz.training.work.weight_changes import (
    LowRank,
    adapted_layers,
    linear_layers,
    low_rank,
    weight_hash,
    weight_of,
)

FOLLOWED_LAYERS = 4
LARGEST_KEPT_WEIGHT = 4_000_000  # values; W and ΔW of larger layers are measured, not kept


class Snapshots:
    """Follows a few layers, spread over the model's depth, from before the first step."""

    def __init__(self, run: Run, model: nn.Module, scenario: Scenario) -> None:
        self._run = run
        self._is_full = not scenario.trains_adapter
        layers = linear_layers(model) if self._is_full else adapted_layers(model)
        wanted = [name for name in layers if name.endswith(scenario.target_modules)]
        self.layers = {name: layers[name] for name in spread(wanted or [*layers], FOLLOWED_LAYERS)}
        self._before = self._weights() if self._is_full else {}
        folder = run.path / "snapshots"
        folder.mkdir(exist_ok=True)
        if not scenario.is_quantized:
            _save(folder / "base.safetensors", self._weights(), "weight")

    def take(self, step: int) -> SnapshotEvent:
        """Write the followed layers after `step` steps and return what is to be recorded."""
        file = f"snapshots/step-{step:06d}.safetensors"
        tensors: dict[str, Tensor] = {}
        readings = []
        for name, layer in self.layers.items():
            if self._is_full:
                delta = weight_of(layer) - self._before[name]
                if delta.numel() <= LARGEST_KEPT_WEIGHT:
                    tensors[f"{name}.delta"] = delta
                readings.append(_read_full(name, delta, weight_hash(layer)))
            else:
                change = low_rank(layer)
                tensors |= _tensors_of(name, change)
                readings.append(_read_low_rank(name, change, weight_hash(layer)))
        save_file(tensors, self._run.path / file)
        return SnapshotEvent(step=step, file=file, layers=tuple(readings))

    def _weights(self) -> dict[str, Tensor]:
        return {name: weight_of(layer).clone() for name, layer in self.layers.items()}


def _read_full(name: str, delta: Tensor, base_sha256: str) -> LayerReading:
    return LayerReading(
        layer=name,
        singular_values=tuple(torch.linalg.svdvals(delta).tolist()),
        delta_norm=float(delta.norm()),
        base_sha256=base_sha256,
    )


def _read_low_rank(name: str, change: LowRank, base_sha256: str) -> LayerReading:
    values = change.singular_values()
    return LayerReading(
        layer=name,
        singular_values=values,
        delta_norm=sum(value**2 for value in values) ** 0.5,
        a_norm=float(change.a.norm()),
        b_norm=float(change.b.norm()),
        scaling=change.scaling,
        base_sha256=base_sha256,
    )


def _tensors_of(name: str, change: LowRank) -> dict[str, Tensor]:
    tensors = {f"{name}.A": change.a.contiguous(), f"{name}.B": change.b.contiguous()}
    if change.magnitude is not None:
        tensors[f"{name}.magnitude"] = change.magnitude
    return tensors


def _save(path: Path, tensors: dict[str, Tensor], kind: str) -> None:
    small = {
        f"{name}.{kind}": tensor
        for name, tensor in tensors.items()
        if tensor.numel() <= LARGEST_KEPT_WEIGHT
    }
    if small:
        save_file(small, path)
