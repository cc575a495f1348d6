"""Text from outside for a terminal, which obeys some characters and breaks lines at others."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from lora_viz.figures.kit.literal import with_signs


def as_line(words: object) -> str:
    """Words on one line, with a sign that can be seen for each character that cannot."""
    return with_signs(words)


def as_lines(lines: Iterable[object]) -> str:
    """Several lines, none of which makes another one."""
    return "\n".join(map(as_line, lines))


def tell(*words: object) -> None:
    """Print words for a person on one line of standard error."""
    print(as_line(" ".join(map(str, words))), file=sys.stderr, flush=True)
