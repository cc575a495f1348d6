"""What training keeps of one layer in memory: weights, gradients and the optimizer's moments.

Only the weight matrix is compared. The layer's bias is left out, and so are activations, which
depend on the batch.
"""

from __future__ import annotations

from dataclasses import dataclass

from lora_viz.adapter.layout import TensorRole
from lora_viz.choices.optimizers import whose_file_is_torchs
from lora_viz.dtypes import BYTES_PER_VALUE


@dataclass(frozen=True)
class LayerState:
    """The values that are kept of one layer, and their dtypes (keys of `BYTES_PER_VALUE`).

    torch gives gradients and moments the dtype of the weights they belong to. AdamW's step
    counter, four bytes for each tensor, is left out.
    """

    trained: dict[TensorRole, int]
    trained_dtype: str
    frozen_values: int
    frozen_dtype: str
    moments: int

    @property
    def trained_values(self) -> int:
        """How many values training changes."""
        return sum(self.trained.values())

    @property
    def weight_bytes(self) -> int:
        """Bytes of the trained weights, and also of their gradients and of each moment."""
        return self.bytes_of(self.trained_values)

    @property
    def optimizer_bytes(self) -> int:
        """Bytes of all moments."""
        return self.moments * self.weight_bytes

    @property
    def trained_bytes(self) -> int:
        """Bytes of the trained weights, their gradients and their moments."""
        return (2 + self.moments) * self.weight_bytes

    @property
    def frozen_bytes(self) -> int:
        """Bytes of the weights that training reads but does not change."""
        return self.frozen_values * BYTES_PER_VALUE[self.frozen_dtype]

    def bytes_of(self, values: int) -> int:
        """Bytes of this many trained values."""
        return values * BYTES_PER_VALUE[self.trained_dtype]

    def total(self, count_frozen: bool) -> int:
        """All bytes that are kept, with or without the frozen weights."""
        return self.trained_bytes + (self.frozen_bytes if count_frozen else 0)


def full_state(in_features: int, out_features: int, base_dtype: str, optimizer: str) -> LayerState:
    """A layer whose weight W is trained itself: nothing is frozen."""
    return LayerState(
        trained={"weight": in_features * out_features},
        trained_dtype=base_dtype,
        frozen_values=0,
        frozen_dtype=base_dtype,
        moments=whose_file_is_torchs(optimizer).moments,
    )


def lora_state(
    in_features: int,
    out_features: int,
    rank: int,
    *,
    base_dtype: str,
    adapter_dtype: str,
    optimizer: str,
    dora: bool = False,
) -> LayerState:
    """A layer with a frozen W and a trained A and B (Hu et al. 2021).

    DoRA trains one magnitude for each output as well (Liu et al. 2024).
    """
    trained: dict[TensorRole, int] = {
        "A": rank * in_features,
        "B": out_features * rank,
    }
    if dora:
        trained["magnitude"] = out_features
    return LayerState(
        trained=trained,
        trained_dtype=adapter_dtype,
        frozen_values=in_features * out_features,
        frozen_dtype=base_dtype,
        moments=whose_file_is_torchs(optimizer).moments,
    )


def saving(full: LayerState, lora: LayerState, count_frozen: bool) -> float:
    """The share of full fine-tuning's bytes that LoRA does without; below 0 if it takes more."""
    return 1 - lora.total(count_frozen) / full.total(count_frozen)
