"""What the bytes of a saved adapter and of its optimizer state are spent on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lora_viz.adapter.layout import AdapterLayout, TensorRole
from lora_viz.checkpoint.sizes import OptimizerLayout, adapter_bytes, optimizer_bytes, tensor_dtype
from lora_viz.dtypes import BYTES_PER_VALUE

PartRole = TensorRole | Literal["header"]


@dataclass(frozen=True)
class FilePart:
    """The tensors of one role in an adapter file, or the file's header, which holds no values."""

    role: PartRole
    values: int
    bytes: int

    @property
    def bytes_per_value(self) -> int:
        """Bytes of one value; 0 for the header."""
        return self.bytes // self.values if self.values else 0


@dataclass(frozen=True)
class CheckpointSizes:
    """Bytes of what one training run saves, both ways.

    `model` is in `model_files` files. Each state is the optimizer's, saved beside to go on
    training; `adapter_moments` are the bytes of `adapter_state` that are AdamW's moments.
    """

    model: int
    model_files: int
    model_state: int
    adapter_parts: tuple[FilePart, ...]
    adapter_state: int
    adapter_moments: int

    @property
    def adapter(self) -> int:
        """Bytes of the adapter file."""
        return sum(part.bytes for part in self.adapter_parts)

    @property
    def adapter_share(self) -> float:
        """The adapter file over the full model's."""
        return self.adapter / self.model


def adapter_file_parts(
    layout: AdapterLayout, rank: int, adapter_dtype: str, base_dtype: str
) -> tuple[FilePart, ...]:
    """The adapter file by role, in the order A, B, what else it holds, header; nothing is empty."""
    values: dict[TensorRole, int] = {}
    sizes: dict[TensorRole, int] = {}
    for tensor in layout.tensors:
        if tensor.saved:
            count = tensor.values(rank)
            size = count * BYTES_PER_VALUE[tensor_dtype(tensor, adapter_dtype, base_dtype)]
            values[tensor.role] = values.get(tensor.role, 0) + count
            sizes[tensor.role] = sizes.get(tensor.role, 0) + size
    header = adapter_bytes(layout, rank, adapter_dtype, base_dtype) - sum(sizes.values())
    return (
        *(FilePart(role, values[role], sizes[role]) for role in sizes),
        FilePart("header", 0, header),
    )


def checkpoint_sizes(
    model: tuple[int, ...],
    model_state: OptimizerLayout,
    adapter: AdapterLayout,
    adapter_state: OptimizerLayout,
    rank: int,
    base_dtype: str,
    dtypes: tuple[str, str],
) -> CheckpointSizes:
    """Sizes at rank r from the model's file sizes and what does not depend on the rank.

    Args:
        base_dtype: that of all weights, where they are trained.
        dtypes: `Scenario.file_dtypes`, those of the adapter's run.
    """
    return CheckpointSizes(
        model=sum(model),
        model_files=len(model),
        model_state=optimizer_bytes(model_state, rank, base_dtype, base_dtype),
        adapter_parts=adapter_file_parts(adapter, rank, *dtypes),
        adapter_state=optimizer_bytes(adapter_state, rank, *dtypes),
        adapter_moments=moment_bytes(adapter_state, rank, *dtypes),
    )


def moment_bytes(layout: OptimizerLayout, rank: int, adapter_dtype: str, base_dtype: str) -> int:
    """Bytes of the optimizer's moments alone, without the steps and the file's own bytes."""
    return layout.moments * sum(
        tensor.values(rank) * BYTES_PER_VALUE[tensor_dtype(tensor, adapter_dtype, base_dtype)]
        for tensor in layout.tensors
    )
