"""A choice or a bar from the right answer and the mistakes that people make."""

from __future__ import annotations

import hashlib
from math import isclose

from lora_viz.i18n import Message
from lora_viz.quiz.prediction import Alternative, Prediction, Unit, in_its_unit

MOST_WRONG = 3
TOLD_APART = 0.015  # numbers that are closer than this are no other answer


def to_choose(
    name: str,
    text: Message,
    unit: Unit,
    right: float | Message,
    wrong: tuple[tuple[float | Message, Message], ...],
    reason: Message,
) -> Prediction | None:
    """A question with up to four answers; None where no mistake leads to another answer.

    Args:
        wrong: what a mistake leads to, and the mistake; the first three that differ as a reader
            sees them are asked.
    """
    answers = [Alternative(right)]
    for value, mistake in wrong:
        if len(answers) <= MOST_WRONG and not any(_alike(value, one, unit) for one in answers):
            answers.append(Alternative(value, mistake))
    if len(answers) == 1:
        return None
    order = sorted(answers, key=lambda one: _place(name, one))
    return Prediction(name, text, unit, right, reason, tuple(order))


def to_drag(
    name: str, text: Message, unit: Unit, right: float, whole: float, reason: Message
) -> Prediction | None:
    """A question about a part of a bar; None where the part is longer than the whole."""
    if not 0 <= right <= whole or not whole:
        return None
    return Prediction(name, text, unit, right, reason, whole=whole)


def _alike(value: float | Message, other: Alternative, unit: Unit) -> bool:
    if isinstance(value, Message) or isinstance(other.value, Message):
        return value == other.value
    near = isclose(value, other.value, rel_tol=TOLD_APART)
    return near or in_its_unit(value, unit) == in_its_unit(other.value, unit)


def _place(name: str, answer: Alternative) -> tuple[float, str]:
    """Numbers rise; words stand in an order that says nothing, and that is always the same."""
    if not isinstance(answer.value, Message):
        return answer.value, ""
    words = f"{name}{answer.value.as_data()}"
    return 0.0, hashlib.sha256(words.encode()).hexdigest()
