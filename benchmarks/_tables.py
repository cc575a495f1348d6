"""What the benchmarks print: the machine, and tables of medians and ratios."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from statistics import median

LIBRARIES = ("streamlit", "plotly", "torch", "transformers", "peft", "playwright")


def machine() -> str:
    """One line: cores, Python and the versions of the libraries."""
    versions = ", ".join(f"{library} {version(library)}" for library in LIBRARIES)
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {versions}"


def seconds(times: Sequence[float]) -> str:
    """The median of times in seconds, in the unit that suits it."""
    middle = median(times)
    if middle < 0.001:
        return f"{1_000_000 * middle:.0f} µs"
    return f"{1_000 * middle:.1f} ms" if middle < 0.1 else f"{middle:.2f} s"


def ratio(times: Sequence[float], baseline: Sequence[float]) -> str:
    """The ratio of two medians; in brackets the least and greatest ratio of one repetition."""
    single = [time / base for time, base in zip(times, baseline, strict=True)]
    middle = median(times) / median(baseline)
    return f"{middle:.2f} ({min(single):.2f} to {max(single):.2f})"


def print_table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a title and a table: the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    print(f"\n{title}\n")
    for row in (head, ["-" * width for width in widths], *rows):
        first, *others = (
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join([first, *others]).rstrip(), flush=True)
