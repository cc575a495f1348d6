"""One colour and one symbol for each meaning, on every page.

The colours are told apart with the common kinds of colour blindness (most of them are Okabe and
Ito's, https://jfly.uni-koeln.de/color/); the pattern keeps them apart in grey printing.

A colour of meaning stands here and nowhere else. Streamlit's theme and the logo are files: after a
change `make theme` writes them anew (`ui/kit/theme.py`).
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
    "exchange",
    "magnitude",
    "bias",
    "module_to_save",
    "context",
    "reserved",
]


@dataclass(frozen=True)
class Style:
    """How one meaning looks: its colour, its symbol, its hatching in bars.

    `on_light` and `on_dark` are shades of the colour in which words can be read on the light and
    on the dark ground, as in formulas.
    """

    colour: str
    symbol: str
    pattern: str
    on_light: str
    on_dark: str


STYLES: dict[Meaning, Style] = {
    "frozen": Style("#4C86B5", "❄", "", on_light="#2F6B99", on_dark="#8DBDE2"),
    "A": Style("#E69F00", "🔥", "/", on_light="#8A5F00", on_dark="#F0B63D"),
    "B": Style("#D55E00", "🔥", "\\", on_light="#B34F00", on_dark="#F28C45"),
    "update": Style("#C2577E", "Δ", "", on_light="#B14B71", on_dark="#DB86A4"),
    "gradient": Style("#009E73", "∇", "x", on_light="#00764F", on_dark="#3FC79D"),
    "optimizer": Style("#7A68B3", "m v", "-", on_light="#62519E", on_dark="#B0A1E3"),
    "activations": Style("#7C8B99", "~", ".", on_light="#5C6975", on_dark="#A9B6C2"),
    "logits": Style("#A98F2D", "p", "+", on_light="#7F6B1F", on_dark="#C6AC4B"),
    "quantization": Style("#2A9D9D", "q", "|", on_light="#1F7A7A", on_dark="#4DBDBD"),
    "temporaries": Style("#B4BCC5", "t", "", on_light="#666C73", on_dark="#B9C1C9"),
    "workspaces": Style("#5B6570", "w", "/", on_light="#535D67", on_dark="#98A3AE"),
    "exchange": Style("#6FA8C7", "⇄", "\\", on_light="#2F6F92", on_dark="#8FC3DE"),
    "magnitude": Style("#F0C808", "🔥", "+", on_light="#806B02", on_dark="#F2CF2E"),
    "bias": Style("#A3201A", "🔥", ".", on_light="#9B1E18", on_dark="#E08078"),
    "module_to_save": Style("#8A5A3B", "🔥", "x", on_light="#80532F", on_dark="#C79A7C"),
    "context": Style("#5F7A4F", "c", "\\", on_light="#56704A", on_dark="#93B081"),
    "reserved": Style("#8A96A3", "r", "/", on_light="#626D79", on_dark="#98A4B1"),
}
NEUTRAL = "#8A96A3"
GRID = "rgba(138,150,163,0.25)"
HIGHLIGHT = "rgba(230,159,0,0.28)"  # behind a cell of a table; seen on both grounds
# words, and what they stand on; a border, by the name of Streamlit's theme
INK = {"light": "#1F2A33", "dark": "#E6ECF1"}
GROUND = {"light": "#FBFCFE", "dark": "#10161C"}
PANEL = {"light": "#FFFFFF", "dark": "#18212A"}
BORDER = {"light": "#D8DFE6", "dark": "#2C3843"}
# axes of charts: Streamlit's greys, but for words on the light ground, which it leaves too pale
AXIS_WORDS = {"light": "#636777", "dark": "#E6EAF1"}
AXIS_GRID = {"light": "#E6EAF1", "dark": "#31333F"}
DARK_INK = INK["light"]  # on bright bars, in both themes
# Scales and the colours of runs are no colours of meaning, though some are alike.
# Blue is negative and orange positive on both grounds; zero is near the ground, what is far from it
# stands out.
DIVERGING = {
    "light": (
        *("#1F4E73", "#35719F", "#5E98C4", "#93BBDB", "#C9DDEC"),
        *("#FBDCC3", "#F3B483", "#E58A45", "#D55E00", "#8F3F00"),
    ),
    "dark": (
        *("#A9D3F2", "#6FAEDB", "#3F82B3", "#2A597B", "#20394C"),
        *("#4A3020", "#7E4517", "#B85F0C", "#E58A45", "#FBC08D"),
    ),
}
SEQUENTIAL = (
    *("#FFF3E6", "#FEE3C6", "#FCCD9B", "#F8B36C", "#F29A42"),
    *("#E97F1F", "#D55E00", "#AE4C00", "#863A00", "#5E2900"),
)
# Okabe and Ito's, without the yellow that is too pale for lines
RUN_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8A96A3")
READABLE = 4.5  # the contrast of words with their ground that WCAG 2 asks for (level AA)
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
    red, green, blue = _channels(colour(meaning))
    return f"rgba({red},{green},{blue},{opacity})"


def diverging_scale(theme: str) -> list[list[float | str]]:
    """The colours of heat maps as Plotly's scale, from 0 to 1."""
    shades = DIVERGING[theme]
    return [[index / (len(shades) - 1), shade] for index, shade in enumerate(shades)]


def as_browsers_write(shade: str) -> str:
    """A colour, given as `#RRGGBB`, in the form that browsers give it in an element's style."""
    return "rgb({}, {}, {})".format(*_channels(shade))


def dark_enough(shade: str, ground: str, contrast: float = READABLE) -> str:
    """A colour, or the lightest darker shade of it that has this contrast with a light ground.

    The contrast is WCAG 2's: from 1 to 21, and 4.5 for words.
    """
    for parts in range(256, 0, -1):
        darker = "#" + "".join(f"{channel * parts // 256:02X}" for channel in _channels(shade))
        if contrast_of(darker, ground) >= contrast:
            return darker
    raise ValueError(f"nothing is dark enough on {ground}")


def contrast_of(one: str, other: str) -> float:
    """The contrast of two colours, `#RRGGBB` each, as WCAG 2 defines it."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(shade: str) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (channel / 255 for channel in _channels(shade))
    ]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _channels(shade: str) -> tuple[int, ...]:
    return tuple(int(shade[start : start + 2], 16) for start in (1, 3, 5))
