"""One question as data, which holds no words of any language but as messages."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from lora_viz.format import THIN_SPACE, grouped, size, three_digits
from lora_viz.i18n import Message
from lora_viz.training.perplexity import loss_words, number_words

Unit = Literal["number", "bytes", "times", "factor", "loss", "milliseconds", "difference", "words"]
LONG = 10_000  # from here on a factor has no decimals
CLOSE_ENOUGH = 0.05  # of the bar: what a hand that drags can mean


@dataclass(frozen=True)
class Alternative:
    """One answer of a choice: a number in the question's unit, or words.

    `mistake` is what somebody has thought who chooses it, None for the right one.
    """

    value: float | Message
    mistake: Message | None = None


@dataclass(frozen=True)
class Prediction:
    """A question about one scenario or run, and its answer.

    Attributes:
        name: unique among all questions.
        text: the question, with the numbers that it is about.
        unit: how its numbers are shown.
        right: the right answer.
        reason: why that is so, in one or two sentences.
        alternatives: the answers to choose from, the right one among them; empty for a bar.
        whole: what the whole bar stands for, in the same unit; None for a choice.
    """

    name: str
    text: Message
    unit: Unit
    right: float | Message
    reason: Message
    alternatives: tuple[Alternative, ...] = ()
    whole: float | None = None

    @cached_property
    def key(self) -> str:
        """What tells this question from the same one about anything else."""
        answers = [self.right, self.whole, *(one.value for one in self.alternatives)]
        content = [self.text.as_data(), *(as_plain(answer) for answer in answers)]
        digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()[:12]
        return f"{self.name}:{digest}"

    def is_right(self, given: float) -> bool:
        """Whether an answer is right: the place of an alternative, or a length of the bar.

        A bar is right within 5 % of its length.
        """
        if self.whole is None:
            return self.alternatives[int(given)].mistake is None
        return abs(given - self.right_number) <= CLOSE_ENOUGH * self.whole

    @property
    def right_number(self) -> float:
        """The right answer of a bar. Raises `TypeError` for one in words."""
        if isinstance(self.right, Message):
            raise TypeError(self.name)
        return self.right

    @property
    def shown_right(self) -> str:
        """The right answer as a reader sees it."""
        return in_its_unit(self.right, self.unit)

    def shown(self, given: float) -> str:
        """An answer as a reader sees it, in the language of whoever asks."""
        value = given if self.whole is not None else self.alternatives[int(given)].value
        return in_its_unit(value, self.unit)


def in_its_unit(value: float | Message, unit: Unit) -> str:
    """A value in its unit. Raises `KeyError` for an unknown one."""
    if isinstance(value, Message):
        return str(value)
    words = {
        "number": lambda: grouped(round(value)),
        "bytes": lambda: size(value),
        "times": lambda: f"×{THIN_SPACE}{value:,.4g}",
        "factor": lambda: number_words(value, 0) if value >= LONG else f"{value:.4g}",
        "loss": lambda: loss_words(value),
        "milliseconds": lambda: f"{three_digits(1000 * value)}{THIN_SPACE}ms",
        "difference": lambda: f"{value:.2g}",
    }
    return words[unit]()


def as_plain(value: float | Message | None) -> object:
    """An answer as JSON can hold it."""
    return value.as_data() if isinstance(value, Message) else value
