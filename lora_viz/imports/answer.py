"""What a file says of a scenario: what was understood, and what was not, each key by its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lora_viz.i18n import Message


@dataclass(frozen=True)
class Understood:
    """One key of a file whose meaning is known.

    Attributes:
        key: its name, with dots between a section's name and its own.
        value: what stands there.
        fields: the fields of the scenario that it sets; none where it changes no number.
        note: what a reader should know of it.
        is_default: whether the file leaves it out, and the value is the trainer's own default.
    """

    key: str
    value: Any
    fields: tuple[str, ...] = ()
    note: Message | None = None
    is_default: bool = False


@dataclass(frozen=True)
class NotUnderstood:
    """One key of a file that is left out of the scenario, and why."""

    key: str
    value: Any
    why: Message


@dataclass(frozen=True)
class Counted:
    """The three numbers of the line that PEFT's `print_trainable_parameters` prints."""

    trainable: int
    everything: int
    percent: float


@dataclass(frozen=True)
class Imported:
    """What a file says.

    Attributes:
        kind: which kind of file it is: a trainer's or a file's name, alike in every language.
        scenario: the fields of the scenario that it sets, with their values.
        understood: the keys that were understood.
        not_understood: all others.
        counted: what PEFT's line counts, if the file is one.
    """

    kind: str
    scenario: Mapping[str, Any] = field(default_factory=dict)
    understood: tuple[Understood, ...] = ()
    not_understood: tuple[NotUnderstood, ...] = ()
    counted: Counted | None = None
