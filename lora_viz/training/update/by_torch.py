"""A ΔW rebuilt at every rank, at best and by fitting B and A in turn.

Importing this module loads torch; only worker processes do.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from lora_viz.training.update.rebuild import Rebuild

ROUNDING = 1e-12


def rebuild(
    update: torch.Tensor, start: torch.Tensor, sweeps: int, true_rank: int | None
) -> Rebuild:
    """Rebuild a ΔW (out, in) at every rank, from a random A (min(out, in), in)."""
    singular_values = torch.linalg.svdvals(update)
    fitted_errors = _fitted_errors(update, start, sweeps)
    return Rebuild(
        true_rank=true_rank,
        singular_values=singular_values.numpy(),
        best_errors=_relative_errors(singular_values.square(), 0.0),
        fitted_errors=fitted_errors,
    )


def rebuild_from(update: npt.NDArray[np.float32], seed: int, sweeps: int) -> Rebuild:
    """Rebuild a ΔW (out, in) that training made, from a Gaussian A."""
    random = torch.Generator().manual_seed(seed)
    start = torch.randn(min(update.shape), update.shape[1], generator=random, dtype=torch.float64)
    return rebuild(torch.from_numpy(update.astype(np.float64)), start, sweeps, None)


def make_example(
    out_features: int, in_features: int, true_rank: int, noise: float, seed: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """ΔW (out, in) and a Gaussian A (min(out, in), in); rank r starts from A's first r rows."""
    random = torch.Generator().manual_seed(seed)

    def gaussian(rows: int, columns: int) -> torch.Tensor:
        return torch.randn(rows, columns, generator=random, dtype=torch.float64)

    smaller_side = min(out_features, in_features)
    rank = min(true_rank, smaller_side)
    low_rank = gaussian(out_features, rank) @ gaussian(rank, in_features)
    disturbance = gaussian(out_features, in_features)
    update = low_rank / low_rank.norm() + noise * disturbance / disturbance.norm()
    return update, gaussian(smaller_side, in_features)


def _fitted_errors(
    update: torch.Tensor, start: torch.Tensor, sweeps: int
) -> npt.NDArray[np.float64]:
    """The errors of alternating least squares at every rank at once.

    The best B for an A is ΔW Aᵀ(A Aᵀ)⁻¹, so B·A is ΔW projected on the space of A's rows, and the
    best A for a B has the row space of BᵀΔW. Only those spaces matter, so they are kept as
    orthonormal bases. A QR factorisation's first r columns span what the first r columns of its
    input span: one basis therefore holds the fit of every rank (this is subspace iteration).
    """
    rows = torch.linalg.qr(start.T).Q  # (in, ranks)
    for _sweep in range(sweeps):
        columns = torch.linalg.qr(update @ rows).Q  # (out, ranks)
        rows = torch.linalg.qr(update.T @ columns).Q
    coordinates = update @ rows  # (out, ranks)
    never_caught = (update - coordinates @ rows.T).square().sum()
    return _relative_errors(coordinates.square().sum(dim=0), float(never_caught))


def _relative_errors(caught: torch.Tensor, never_caught: float) -> npt.NDArray[np.float64]:
    """From the squared norm that each further rank catches to the error left at rank 0, 1, …

    Of a ΔW of zeros, as noise can make one of a single value, nothing is missed. Errors that are
    only the rounding of float64 count as none.
    """
    squares = caught.numpy()
    missed = np.append(np.cumsum(squares[::-1])[::-1], 0.0) + never_caught
    errors = np.sqrt(missed / (missed[0] or 1.0))
    return np.where(errors < ROUNDING, 0.0, errors)
