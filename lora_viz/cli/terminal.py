"""Text from outside for a terminal, which obeys some characters and breaks lines at others."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from lora_viz.figures.kit.literal import with_signs

PATIENCE_SECONDS = 60  # as long as a page waits for an answer


def as_line(words: object) -> str:
    """Words on one line, with a sign that can be seen for each character that cannot."""
    return with_signs(words)


def as_lines(lines: Iterable[object]) -> str:
    """Several lines, none of which makes another one."""
    return "\n".join(map(as_line, lines))


def tell(*words: object) -> None:
    """Print words for a person on one line of standard error."""
    print(as_line(" ".join(map(str, words))), file=sys.stderr, flush=True)


@contextmanager
def saying_where_slow(words: str, seconds: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Tell a person these words once if the block takes longer; it goes on."""
    timer = threading.Timer(seconds, tell, (words,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
