"""A wish to stop, from SIGTERM or Ctrl-C, that a job looks at between two steps."""

from __future__ import annotations

import signal
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

    def check(self) -> None:
        """Raise `StopRequestedError` if the job was asked to stop."""
        if self.requested:
            raise StopRequestedError
