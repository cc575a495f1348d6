"""The number formats that weights can be in: one entry each, and what is derived from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DType = Literal["float32", "float16", "bfloat16"]


@dataclass(frozen=True)
class NumberFormat:
    """One number format.

    Attributes:
        name: torch's name of it, and ours.
        bytes: what one value takes.
        safetensors_name: what the header of a safetensors file calls it.
        safetensors_place: safetensors writes tensors in this order of their formats.
    """

    name: DType
    bytes: int
    safetensors_name: str
    safetensors_place: int


# safetensors writes the tensors of wider formats first, and bfloat16 before float16
DTYPES: dict[str, NumberFormat] = {
    one.name: one
    for one in (
        NumberFormat("float32", 4, "F32", 0),
        NumberFormat("float16", 2, "F16", 2),
        NumberFormat("bfloat16", 2, "BF16", 1),
    )
}
BYTES_PER_VALUE: dict[str, int] = {name: one.bytes for name, one in DTYPES.items()}
