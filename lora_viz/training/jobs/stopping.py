"""A wish to stop, from SIGTERM or Ctrl-C, that a job looks at between two steps."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class StopRequestedError(Exception):
    """The job was asked to stop while it was not training."""


class StopSignal:
    """Remembers that the job was asked to stop."""

    def __init__(self) -> None:
        self.requested = False

    def request(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """Ask the job to stop at the next step; a second Ctrl-C ends the process at once."""
        if self.requested and _signal == signal.SIGINT:
            raise KeyboardInterrupt
        self.requested = True

    def listen(self) -> None:
        """Take SIGTERM and Ctrl-C as wishes to stop, in the main thread."""
        signal.signal(signal.SIGTERM, self.request)
        signal.signal(signal.SIGINT, self.request)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})  # what was sent comes now

    def check(self) -> None:
        """Raise `StopRequestedError` if the job was asked to stop."""
        if self.requested:
            raise StopRequestedError


@contextmanager
def asked_to_stop_later() -> Iterator[None]:
    """What is started in this block hears a SIGTERM when it listens, and does not die of it before.

    A process that is started inherits which signals have to wait.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
