"""What is asked of a worker, as one frozen value."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, Literal, Protocol, TypeVar

Answer = TypeVar("Answer")
Weight = Literal["light", "heavy"]


@dataclass(frozen=True)
class Question(Generic[Answer]):
    """A function that may load torch, to be called on plain data, and how its answer is kept.

    Args:
        function: a module's own, so that another process finds it by name.
        arguments: plain data, as JSON has it.
        content: what else the answer depends on, such as when a file was last changed.
        model: the model that the question is about, which asking counts as used; "" for none.
        lasts: whether the answer is kept on disk: nothing but this package's code changes it.
        weight: "heavy" where it can take many seconds, so that it never holds up what is light.
    """

    function: Callable[..., Answer]
    arguments: tuple[Any, ...] = ()
    content: tuple[int, ...] = ()
    model: str = ""
    lasts: bool = False
    weight: Weight = "light"

    @cached_property
    def key(self) -> str:
        """The same for what has the same answer, in whichever language it is asked."""
        parts = [self.function.__module__, self.function.__name__, self.content, self.arguments]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


class Ask(Protocol):
    """Whatever answers a question, such as `kept.ask` and `kept.compute`."""

    def __call__(self, question: Question[Answer], /) -> Answer:
        """The answer. Raises `UserError` where there is none."""
        ...
