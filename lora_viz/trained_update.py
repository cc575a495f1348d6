"""What full fine-tuning changed: the real ΔW of a run, and how near to low rank each layer's is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError

from lora_viz.errors import UserError
from lora_viz.example_update import Rebuild, rebuild
from lora_viz.i18n import _
from lora_viz.questions.waiting import heavy
from lora_viz.training.results import LayerChange
from lora_viz.training.run_folder import Run, list_runs


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


def newest_full_run() -> Run | None:
    """The reader's newest full fine-tuning run that kept a ΔW."""
    for run in list_runs():
        result = run.result()
        if result and any(change.file for change in result.layer_changes):
            return run
    return None


@heavy
def rebuild_trained(folder: str, layer: str, seed: int, sweeps: int) -> Rebuild:
    """Rebuild the ΔW of a run's layer at every rank. Loads torch.

    Raises:
        UserError: the run did not keep this layer's ΔW.
    """
    import torch

    update = torch.from_numpy(read_update(folder, layer).astype(np.float64))
    random = torch.Generator().manual_seed(seed)
    smaller = min(update.shape)
    start = torch.randn(smaller, update.shape[1], generator=random, dtype=torch.float64)
    return rebuild(update, start, sweeps, None)


def read_update(folder: str, layer: str) -> np.ndarray:
    """ΔW (out, in) of a run's layer. Raises `UserError` where it was not kept."""
    from safetensors.numpy import load_file

    run = Run(Path(folder))
    result = run.result()
    changes = result.layer_changes if result else ()
    file = next((change.file for change in changes if change.layer == layer), None)
    try:
        if file:
            return load_file(run.path / file)[f"{layer}.delta"]
    except (OSError, SafetensorError, KeyError):
        pass
    raise UserError(
        _("The run “%(run)s” kept no ΔW of “%(layer)s”.") % {"run": run.name, "layer": layer}
    )
