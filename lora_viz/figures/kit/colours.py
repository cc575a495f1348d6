"""One colour and one symbol for each meaning, on every page.

The colours are told apart with the common kinds of colour blindness (most of them are Okabe and
Ito's, https://jfly.uni-koeln.de/color/); the pattern keeps them apart in grey printing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Meaning = Literal[
    "frozen",
    "A",
    "B",
    "update",
    "gradient",
    "optimizer",
    "activations",
    "logits",
    "quantization",
    "temporaries",
    "workspaces",
    "magnitude",
    "bias",
    "module_to_save",
    "context",
    "reserved",
]


@dataclass(frozen=True)
class Style:
    """How one meaning looks: its colour, its symbol, its hatching in bars."""

    colour: str
    symbol: str
    pattern: str


STYLES: dict[Meaning, Style] = {
    "frozen": Style("#4C86B5", "❄", ""),
    "A": Style("#E69F00", "🔥", "/"),
    "B": Style("#D55E00", "🔥", "\\"),
    "update": Style("#C2577E", "Δ", ""),
    "gradient": Style("#009E73", "∇", "x"),
    "optimizer": Style("#7A68B3", "m v", "-"),
    "activations": Style("#7C8B99", "~", "."),
    "logits": Style("#A98F2D", "p", "+"),
    "quantization": Style("#2A9D9D", "q", "|"),
    "temporaries": Style("#B4BCC5", "t", ""),
    "workspaces": Style("#5B6570", "w", "/"),
    "magnitude": Style("#F0C808", "🔥", "+"),
    "bias": Style("#A3201A", "🔥", "."),
    "module_to_save": Style("#8A5A3B", "🔥", "x"),
    "context": Style("#5F7A4F", "c", "\\"),
    "reserved": Style("#8A96A3", "r", "/"),
}
NEUTRAL = "#8A96A3"
# what a card has to have room for, though the step does not allocate it: only hatched
NOT_ALLOCATED: tuple[Meaning, ...] = ("context", "reserved")


def colour(meaning: Meaning) -> str:
    """The colour of a meaning as `#RRGGBB`."""
    return STYLES[meaning].colour


def pattern(meaning: Meaning) -> str:
    """The Plotly bar pattern of a meaning; empty for a plain fill."""
    return STYLES[meaning].pattern


def translucent(meaning: Meaning, opacity: float) -> str:
    """The colour of a meaning as `rgba(…)` with an opacity from 0 to 1."""
    red, green, blue = (int(colour(meaning)[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"
