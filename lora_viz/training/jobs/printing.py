"""Printing that cannot fail: what a job says while it works must not end it."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import Any

from typing_extensions import override


class UnfailingStream(io.TextIOBase):
    """Text to an open file; what cannot be written, as on a full disk, is lost in silence."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @override
    def write(self, text: str, /) -> int:
        with suppress(OSError):
            os.write(self._descriptor, text.encode("utf-8", "backslashreplace"))
        return len(text)

    @override
    def writable(self) -> bool:
        return True

    @override
    def fileno(self) -> int:
        return self._descriptor

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """What text becomes bytes with."""
        return "utf-8"


def print_without_failing() -> None:
    """From here on nothing that this process prints can raise."""
    streams: Any = sys
    streams.stdout, streams.stderr = UnfailingStream(1), UnfailingStream(2)
