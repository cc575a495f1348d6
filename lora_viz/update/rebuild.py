"""A ΔW rebuilt from r columns of B and r rows of A: a synthetic one, or one that training made.

The example is synthetic: a random matrix of low rank with noise on it, from a seed. It shows what
the rank can and cannot hold; it says nothing about the ΔW that training a model would lead to.
What full fine-tuning changed is read from a run that kept it (`lora_viz.update.trained`).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import PlainSerializer, PlainValidator

from lora_viz.questions.waiting import heavy

if TYPE_CHECKING:
    import torch

# the values of the attention's output projection of GPT-2 small: half a second with one sweep
MAXIMUM_VALUES = 768 * 768
ROUNDING = 1e-12


def _values(listed: Any) -> npt.NDArray[np.float64]:
    return np.asarray(listed, dtype=np.float64)


def _listed(values: npt.NDArray[np.float64]) -> list[float]:
    return values.tolist()


# an array of numbers that crosses from a worker, and is kept, as a list
Values = Annotated[npt.NDArray[np.float64], PlainValidator(_values), PlainSerializer(_listed)]


@dataclass(frozen=True)
class ExampleSize:
    """The example's sides, and how many times smaller they are than the layer's (1: as large)."""

    out_features: int
    in_features: int
    reduction: float


@dataclass(frozen=True, eq=False)
class Rebuild:
    """What is missed of a ΔW at every rank from 0 to the smaller of its sides.

    Errors are relative: ‖ΔW − B·A‖ / ‖ΔW‖ in Frobenius norms, index r for rank r. `true_rank` is
    an example's rank before noise; a ΔW that training made has none that is known. Singular
    values come largest first.
    """

    true_rank: int | None
    singular_values: Values
    best_errors: Values
    fitted_errors: Values

    @property
    def highest_rank(self) -> int:
        """The smaller of the example's sides; more rank than that changes nothing."""
        return len(self.singular_values)

    def best_error(self, rank: int) -> float:
        """The least error that any B·A of rank r can have (Eckart and Young 1936)."""
        return float(self.best_errors[min(rank, self.highest_rank)])

    def fitted_error(self, rank: int) -> float:
        """The error of the B and A that were fitted from a random A."""
        return float(self.fitted_errors[min(rank, self.highest_rank)])


def example_size(in_features: int, out_features: int) -> ExampleSize:
    """The layer's own shape, or the same shape scaled down to at most `MAXIMUM_VALUES` values."""
    reduction = max(1.0, sqrt(in_features * out_features / MAXIMUM_VALUES))
    return ExampleSize(
        out_features=max(1, int(out_features / reduction)),
        in_features=max(1, int(in_features / reduction)),
        reduction=reduction,
    )


@heavy
def rebuild_example(
    out_features: int, in_features: int, true_rank: int, noise: float, seed: int, sweeps: int
) -> Rebuild:
    """Rebuild one example at every rank, at best and by fitting B and A in turn. Loads torch.

    Args:
        true_rank: the rank before noise; the smaller side if that is less.
        noise: Frobenius norm of the noise, relative to that of the low-rank part.
        sweeps: how often A, then B are fitted again after B was fitted to the random A.
    """
    update, start = make_example(out_features, in_features, true_rank, noise, seed)
    return rebuild(update, start, sweeps, min(true_rank, out_features, in_features))


def rebuild(
    update: torch.Tensor, start: torch.Tensor, sweeps: int, true_rank: int | None
) -> Rebuild:
    """Rebuild a ΔW (out, in) at every rank, from a random A (min(out, in), in). Loads torch."""
    import torch

    singular_values = torch.linalg.svdvals(update)
    fitted_errors = _fitted_errors(update, start, sweeps)
    return Rebuild(
        true_rank=true_rank,
        singular_values=singular_values.numpy(),
        best_errors=_relative_errors(singular_values.square(), 0.0),
        fitted_errors=fitted_errors,
    )


def make_example(
    out_features: int, in_features: int, true_rank: int, noise: float, seed: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """ΔW (out, in) and a Gaussian A (min(out, in), in); rank r starts from A's first r rows."""
    import torch

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
    import torch

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
