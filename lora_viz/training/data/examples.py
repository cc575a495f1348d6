"""What a model is trained on: examples, in three parts that share none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lora_viz.errors import UserError


class InvalidDataError(UserError):
    """A reader's data cannot be trained on; the message names what is wrong, and where."""


@dataclass(frozen=True)
class Example:
    """A prompt and what should follow it, put together as they are, without a separator.

    Plain text has no prompt, and an example of it is as long as the text: several windows.
    """

    prompt: str
    completion: str


@dataclass(frozen=True)
class Task:
    """The examples to train on, those on which choices are made, and those that are reported.

    `validation` is where learning rates are chosen and early stopping looks; `held_out` is looked
    at only to be reported.
    """

    name: str
    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    held_out: tuple[Example, ...]
    kind: Literal["text", "questions"]
