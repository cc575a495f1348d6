"""The losses of a language model that can be chosen: one entry each, by the library that has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

LossName = Literal["full", "chunked", "chunked_output", "fused", "cut"]


@dataclass(frozen=True)
class LossKind:
    """One way to get the loss from the hidden states.

    Attributes:
        name: its name in links and on the command line.
        library: the library whose loss it is.
        runs_head: whether it runs the head as a layer, so that an adapter on the head is trained;
            the others multiply by the head's weight themselves.
        in_float32: whether it can run over hidden states in float32.
    """

    name: LossName
    library: str
    runs_head: bool = False
    in_float32: bool = True


LOSSES: dict[str, LossKind] = {
    one.name: one
    for one in (
        LossKind("full", "transformers", runs_head=True),
        LossKind("chunked", "TRL"),
        LossKind("chunked_output", "torchtune", runs_head=True),
        LossKind("fused", "Liger Kernel"),
        LossKind("cut", "Cut Cross-Entropy", in_float32=False),
    )
}
