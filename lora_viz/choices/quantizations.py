"""How the base model's linear layers can be packed: one entry each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

QuantizationName = Literal["none", "nf4"]


@dataclass(frozen=True)
class Quantization:
    """One way to pack weights.

    Attributes:
        name: its name in settings, which is bitsandbytes' name of the 4-bit format too
            (`BitsAndBytesConfig.bnb_4bit_quant_type`).
        bits: bits of a packed value; None where nothing is packed.
    """

    name: QuantizationName
    bits: int | None

    @property
    def packs(self) -> bool:
        """Whether weights are packed at all."""
        return self.bits is not None


QUANTIZATIONS: dict[str, Quantization] = {
    one.name: one for one in (Quantization("none", bits=None), Quantization("nf4", bits=4))
}
