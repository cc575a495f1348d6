"""Requests that wait for a worker: each asker in turn, so that nobody's many hold up another's."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from typing import Any, Generic

from lora_viz.errors import UserError
from lora_viz.i18n import N_
from lora_viz.questions.plain import decode
from lora_viz.questions.question import Answer, Question


def stopped() -> UserError:
    """What is said where a worker process ended before it had answered."""
    return UserError(
        N_("The process that was computing this answer stopped; change a setting to ask again.")
    )


@dataclass(frozen=True, eq=False)
class Request(Generic[Answer]):
    """A question that waits for a worker, and the JSON that it will have been answered with.

    `asker` is the thread that asks, which is a reader's session: it waits for each of its answers.
    """

    question: Question[Answer]
    asker: int = field(default_factory=threading.get_ident)
    content: Future[bytes] = field(default_factory=Future)

    def answer(self, timeout: float | None = None) -> Answer:
        """The answer; the caller waits.

        Raises:
            TimeoutError: there is none after `timeout` seconds.
            UserError: the question's own, or one that says that the worker died.
        """
        function = self.question.function
        try:
            return decode(function, self.content.result(timeout))
        except CancelledError:
            raise stopped() from None
        except UserError:
            raise
        except ValueError as error:
            logging.getLogger(__name__).error("%s: %s", function.__qualname__, error)
            raise stopped() from None


class FairQueue:
    """Requests in the order in which they came, but of each asker in turn."""

    def __init__(self) -> None:
        self._by_asker: OrderedDict[int, deque[Request[Any]]] = OrderedDict()

    def put(self, request: Request[Any]) -> None:
        """Let a request wait behind the asker's others."""
        self._by_asker.setdefault(request.asker, deque()).append(request)

    def take(self) -> Request[Any] | None:
        """The next request; its asker's others come after those of everybody else."""
        if not self._by_asker:
            return None
        asker, requests = self._by_asker.popitem(last=False)
        request = requests.popleft()
        if requests:
            self._by_asker[asker] = requests
        return request

    def __iter__(self) -> Iterator[Request[Any]]:
        for requests in self._by_asker.values():
            yield from requests

    def __len__(self) -> int:
        return sum(map(len, self._by_asker.values()))
