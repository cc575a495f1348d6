"""What full fine-tuning changed: the real ΔW of a run, and how near to low rank each layer's is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lora_viz.errors import UserError
from lora_viz.i18n import N_
from lora_viz.training.folder.damage import DamagedFileError
from lora_viz.training.folder.tensor_files import read_tensors, tensor_damage
from lora_viz.training.runs.results import LayerChange
from lora_viz.training.runs.run_folder import Run


@dataclass(frozen=True)
class Spectrum:
    """How the squared norm of a ΔW is spread over its singular values.

    `half` and `most` are how many of the largest hold 50 and 90 % of it. `numerical_rank` counts
    those above the tolerance of `numpy.linalg.matrix_rank`, the longer side times float32's
    epsilon, of the largest.
    """

    layer: str
    shape: tuple[int, int]
    values: tuple[float, ...]
    half: int
    most: int
    numerical_rank: int

    def share_of(self, rank: int) -> float:
        """The share of the squared norm that the `rank` largest hold: the best of any rank r."""
        squares = np.square(self.values)
        return float(squares[:rank].sum() / squares.sum())


def spectrum(change: LayerChange) -> Spectrum:
    """The spectrum of one layer's ΔW, from the singular values that the run recorded."""
    values = np.asarray(change.singular_values)
    shares = np.cumsum(values**2) / np.sum(values**2)
    tolerance = max(change.shape) * np.finfo(np.float32).eps * values[0]
    return Spectrum(
        layer=change.layer,
        shape=change.shape,
        values=change.singular_values,
        half=int(np.searchsorted(shares, 0.5)) + 1,
        most=int(np.searchsorted(shares, 0.9)) + 1,
        numerical_rank=int(np.sum(values > tolerance)),
    )


def kept_layers(run: Run) -> tuple[str, ...]:
    """The layers whose ΔW a full fine-tuning run kept; none for any other run."""
    result = run.result()
    changes = result.layer_changes if result else ()
    return tuple(change.layer for change in changes if change.file and is_whole(change))


def check_updates(run: Run) -> None:
    """Raise `UserError` where a run kept no ΔW, or its files are not whole."""
    if not kept_layers(run):
        raise UserError(N_("The run “%s” kept no ΔW."), run.name)
    result = run.result()
    files = {change.file for change in result.layer_changes if change.file} if result else set()
    for damage in (tensor_damage(run.path, file) for file in sorted(files)):
        if damage:
            raise DamagedFileError(damage)


def is_whole(change: LayerChange) -> bool:
    """Whether a change has singular values, all of them numbers, and not all of them zero."""
    values = np.asarray(change.singular_values)
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(values.size and np.isfinite(np.square(values).sum()) and values[0] > 0)


def read_update(folder: str, layer: str) -> np.ndarray:
    """ΔW (out, in) of a run's layer. Raises `UserError` where it cannot be read."""
    run = Run(Path(folder))
    result = run.result()
    changes = result.layer_changes if result else ()
    change = next((change for change in changes if change.layer == layer), None)
    file = change.file if change else None
    delta = read_tensors(run.path, file).get(f"{layer}.delta") if file else None
    if change is None or delta is None or delta.shape != change.shape:
        raise UserError(
            N_("The run “%(run)s” kept no ΔW of “%(layer)s”."), run=run.name, layer=layer
        )
    if not np.isfinite(delta).all():
        raise UserError(
            N_("ΔW of “%(layer)s” in the run “%(run)s” holds values that are not numbers."),
            run=run.name,
            layer=layer,
        )
    return delta
