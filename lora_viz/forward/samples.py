"""One forward pass of an adapted layer: its size, its cost, and samples of its tensors.

The tensors themselves stay in the worker process that computes them (`run_layer`). An answer
holds exact statistics of each and a sample of its values, enough for a heat map.
"""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

# 2²⁶ values are 268 MB in float32; PEFT's layer and the merged weight need a few times that
MAXIMUM_VALUES = 2**26
MAXIMUM_MULTIPLICATIONS = 2**31
SAMPLED_BATCH_ROWS = 8
SAMPLED_SIDE = 48
# the training that makes B other than zero: its inputs, the rank of the change it is to learn
TRAINING_ROWS = 32
TRUE_RANK = 4
LEARNING_RATE = 5e-3

TensorName = Literal[
    "x",
    "W",
    "A",
    "B",
    "h_base",
    "temp",
    "h_lora",
    "scaled",
    "factor",
    "h",
    "update",
    "merged",
    "h_merged",
    "difference",
]


@dataclass(frozen=True)
class TensorSample:
    """A matrix's shape, exact statistics of all its values, and some of the values.

    `rows` and `columns` are the indices of the values that were kept; `encoded` is their float32
    bytes, row by row, little-endian, in base 64. `norm` is the Frobenius norm.
    """

    shape: tuple[int, int]
    minimum: float
    maximum: float
    norm: float
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    encoded: str

    @property
    def values(self) -> npt.NDArray[np.float32]:
        """The kept values, (len(rows), len(columns))."""
        flat = np.frombuffer(b64decode(self.encoded), dtype="<f4")
        return flat.reshape(len(self.rows), len(self.columns))

    @property
    def largest(self) -> float:
        """The largest absolute value of the whole matrix."""
        return max(abs(self.minimum), abs(self.maximum))


@dataclass(frozen=True)
class WorkedOutput:
    """One value of h, h[row, column], with what it was computed from.

    `temp` and `b` are the first few of the r factors of `h_lora` = Σ temp·b; `factor` is DoRA's,
    1 without it.
    """

    row: int
    column: int
    bias: float
    h_base: float
    temp: tuple[float, ...]
    b: tuple[float, ...]
    h_lora: float
    factor: float
    h: float


@dataclass(frozen=True)
class ForwardPass:
    """What one forward pass of a layer gave, step by step, as PEFT's own layer, and merged.

    Differences are the largest absolute ones over all computed rows: of h to the output of PEFT's
    layer, of h to the output with the merged weight, of the merged weight to the one PEFT merges.
    Losses are mean squared errors before and after the optimizer steps.
    """

    has_bias: bool
    scaling: float
    loss_before: float
    loss_after: float
    difference_to_peft: float
    difference_to_merged: float
    merged_difference_to_peft: float
    tensors: dict[TensorName, TensorSample]
    worked: WorkedOutput


@dataclass(frozen=True)
class Multiplications:
    """How many pairs of numbers the matrix products of one pass multiply."""

    base: int
    down: int
    up: int
    norms: int

    @property
    def adapter(self) -> int:
        """Those that a merged weight does not need."""
        return self.down + self.up + self.norms


def multiplications(
    rows: int, in_features: int, out_features: int, rank: int, dora: bool
) -> Multiplications:
    """Those of x·Wᵀ (rows · in · out), x·Aᵀ (rows · in · r) and temp·Bᵀ (rows · r · out).

    DoRA's norms need B·A (in · out · r) and squares (in · out), however many rows there are.
    """
    return Multiplications(
        base=rows * in_features * out_features,
        down=rows * in_features * rank,
        up=rows * rank * out_features,
        norms=in_features * out_features * (rank + 1) if dora else 0,
    )


def is_too_large(in_features: int, out_features: int) -> bool:
    """Whether the layer's weight is larger than what is run here."""
    return in_features * out_features > MAXIMUM_VALUES


def computed_rows(in_features: int, out_features: int, batch_size: int) -> int:
    """How many rows of the batch are computed: all, or what a worker manages in a moment.

    The rows of a batch do not depend on each other, so the others change none of these.
    """
    affordable = MAXIMUM_MULTIPLICATIONS // (in_features * out_features)
    return max(1, min(batch_size, affordable))


def evenly_picked(length: int, most: int) -> tuple[int, ...]:
    """At most `most` of the indices 0 … length − 1 at even distances; all if there are fewer."""
    kept = min(length, most)
    return tuple(index * length // kept for index in range(kept))
