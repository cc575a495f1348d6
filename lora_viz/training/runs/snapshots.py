"""A run's snapshots, read: A, B and ΔW of the followed layers, and their W before training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lora_viz.training.folder.damage import Damage, DamagedFileError
from lora_viz.training.folder.files import exists
from lora_viz.training.folder.tensor_files import read_tensors
from lora_viz.training.runs.events import SnapshotEvent
from lora_viz.training.runs.run_folder import BASE_WEIGHTS, Run


@dataclass(frozen=True)
class LayerSnapshot:
    """One followed layer at one step: A (r, in), B (out, r), ΔW (out, in); float32.

    In full fine-tuning there is no A or B, and ΔW is W now − W before.
    """

    layer: str
    a: np.ndarray | None
    b: np.ndarray | None
    delta: np.ndarray
    magnitude: np.ndarray | None


def read_snapshot(run: Run, event: SnapshotEvent) -> list[LayerSnapshot]:
    """The followed layers of a snapshot; with DoRA ΔW is that of A and B, before its magnitude.

    Raises:
        UserError: its file is not that of the layers that the event names.
    """
    tensors = read_tensors(run.path, event.file)
    try:
        return [
            _layer_snapshot(one.layer, 1.0 if one.scaling is None else one.scaling, tensors)
            for one in event.layers
        ]
    except (KeyError, ValueError, TypeError):
        raise DamagedFileError(Damage(event.file, "no_tensors")) from None


def read_base_weights(run: Run) -> dict[str, np.ndarray]:
    """W (out, in) of the followed layers by name; empty where they are too large to be kept.

    Raises:
        UserError: their file cannot be read.
    """
    if not exists(run.path / BASE_WEIGHTS):
        return {}
    return {
        layer.removesuffix(".weight"): tensor
        for layer, tensor in read_tensors(run.path, BASE_WEIGHTS).items()
    }


def _layer_snapshot(layer: str, scaling: float, tensors: dict[str, np.ndarray]) -> LayerSnapshot:
    def tensor(name: str) -> np.ndarray | None:
        found = tensors.get(f"{layer}.{name}")
        return None if found is None else found.astype(np.float32)

    a, b, delta = tensor("A"), tensor("B"), tensor("delta")
    for one in (a, b, delta):
        if one is not None and (one.ndim != 2 or not one.size):
            raise ValueError("this is no matrix")
    if delta is None:
        if a is None or b is None:
            raise KeyError(layer)
        delta = scaling * (b @ a)
    return LayerSnapshot(layer, a, b, delta, tensor("magnitude"))
