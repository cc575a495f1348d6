"""Questions that wait for a worker: each asker in turn, so that nobody's many hold up another's."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from lora_viz.errors import UserError
from lora_viz.i18n import N_
from lora_viz.questions.plain import decode

Weight = Literal["light", "heavy"]
Function = TypeVar("Function", bound=Callable[..., Any])


def heavy(function: Function) -> Function:
    """Mark a function whose answer can take many seconds: it never holds up those that do not."""
    function.weight = "heavy"  # type: ignore[attr-defined]
    return function


def stopped() -> UserError:
    """What is said where a worker process ended before it had answered."""
    return UserError(
        N_("The process that was computing this answer stopped; change a setting to ask again.")
    )


@dataclass(frozen=True, eq=False)
class Question:
    """A function to be called on plain data in a worker, and the JSON that it will have answered.

    `asker` is the thread that asks, which is a reader's session: it waits for each of its answers.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    asker: int = field(default_factory=threading.get_ident)
    content: Future[bytes] = field(default_factory=Future)

    @property
    def weight(self) -> Weight:
        """Whether it may take many seconds."""
        return getattr(self.function, "weight", "light")

    def answer(self, timeout: float | None = None) -> Any:
        """The answer; the caller waits.

        Raises:
            TimeoutError: there is none after `timeout` seconds.
            UserError: the question's own, or one that says that the worker died.
        """
        try:
            return decode(self.function, self.content.result(timeout))
        except CancelledError:
            raise stopped() from None
        except UserError:
            raise
        except ValueError as error:
            logging.getLogger(__name__).error("%s: %s", self.function.__qualname__, error)
            raise stopped() from None


class FairQueue:
    """Questions in the order in which they came, but of each asker in turn."""

    def __init__(self) -> None:
        self._by_asker: OrderedDict[int, deque[Question]] = OrderedDict()

    def put(self, question: Question) -> None:
        """Let a question wait behind the asker's others."""
        self._by_asker.setdefault(question.asker, deque()).append(question)

    def take(self) -> Question | None:
        """The next question; its asker's others come after those of everybody else."""
        if not self._by_asker:
            return None
        asker, questions = self._by_asker.popitem(last=False)
        question = questions.popleft()
        if questions:
            self._by_asker[asker] = questions
        return question

    def __iter__(self) -> Iterator[Question]:
        for questions in self._by_asker.values():
            yield from questions

    def __len__(self) -> int:
        return sum(map(len, self._by_asker.values()))
