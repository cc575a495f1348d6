"""What a job would train on, asked before it starts: the same data, tokenised by the same code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DataCounts:
    """Sequences in each part, and the examples that are left out of them, as in `tokens.Parts`.

    `are_known` is false, and the numbers are 0, where the tokenizer is not on this machine.
    """

    train: int = 0
    validation: int = 0
    held_out: int = 0
    too_long: int = 0
    without_tokens: int = 0
    are_known: bool = True
