"""The methods of fine-tuning: one entry each, from which every other map is derived."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lora_viz.choices.quantizations import QuantizationName
from lora_viz.i18n import N_

MethodName = Literal["full", "lora", "qlora"]


@dataclass(frozen=True)
class Method:
    """One method.

    Attributes:
        name: its name in links and on the command line.
        label: what people call it; to be translated.
        trains_adapter: whether A and B are trained, and not the model's own weights.
        quantization: how the base model's linear layers are packed, a key of `QUANTIZATIONS`.
        learning_rate: the usual one, where none is given.
    """

    name: MethodName
    label: str
    trains_adapter: bool
    quantization: QuantizationName
    learning_rate: float


METHODS: dict[str, Method] = {
    one.name: one
    for one in (
        Method("full", N_("Full"), False, "none", learning_rate=1e-3),
        Method("lora", N_("LoRA"), True, "none", learning_rate=5e-3),
        Method("qlora", N_("QLoRA"), True, "nf4", learning_rate=2e-4),
    )
}


def method_over(method: str, quantization: str) -> str:
    """The method that a method over a quantisation is: LoRA over NF4 is QLoRA.

    Over "none" a method stays what it is, and so does one that nothing is packed for.
    """
    wanted = METHODS[method]
    if quantization in ("none", wanted.quantization):
        return method
    return next(
        (
            one.name
            for one in METHODS.values()
            if one.trains_adapter == wanted.trains_adapter and one.quantization == quantization
        ),
        method,
    )
