"""A ΔW rebuilt from r columns of B and r rows of A: a synthetic one, or one that training made.

The example is synthetic: a random matrix of low rank with noise on it, from a seed. It shows what
the rank can and cannot hold; it says nothing about the ΔW that training a model would lead to.
What full fine-tuning changed is read from a run that kept it (`lora_viz.training.update.trained`).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import PlainSerializer, PlainValidator

# as many as the attention's output projection of GPT-2 small: half a second with one sweep
MAXIMUM_VALUES = 768 * 768


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
