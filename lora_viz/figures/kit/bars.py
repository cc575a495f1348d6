"""Bars of coloured parts with words above them and a column of numbers at their right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

from lora_viz.figures.kit.base import Drawing
from lora_viz.figures.kit.colours import DARK_INK, Meaning, colour, pattern
from lora_viz.figures.kit.fonts import NUMBER_FONT
from lora_viz.format import grouped

DIGIT_PIXELS = 7.4


@dataclass(frozen=True)
class Segment:
    """A part of a bar: what it means and is called, its parameters, its hover text (HTML)."""

    meaning: Meaning
    name: str
    parameters: int
    hover: str


class BarDrawing(Drawing):
    """A drawing of bars with words above them, and numbers in a column that is its right margin.

    `axis` arguments are what follows x and y in the names of Plotly's axes: "", "2", "3", …

    Attributes:
        column: the width of the column of numbers in pixels.
    """

    def __init__(self, height: int, widest: int, **margin: int) -> None:
        """Start one; `widest` is the largest number that the column has to hold."""
        super().__init__(height)
        self.column = len(grouped(widest)) * DIGIT_PIXELS + 16
        self.update_layout(barmode="overlay", margin={**margin, "r": self.column})

    def add_segments(
        self,
        segments: Sequence[Segment],
        axis: str,
        middle: float,
        thickness: float,
        *,
        log: bool = False,
        opacity: float = 1.0,
        words: Sequence[str] = (),
    ) -> None:
        """Add the segments end to end from the axis' start; a hairline is drawn one pixel wide.

        Args:
            middle: where the bar's middle is on the y axis.
            thickness: in units of the y axis.
            log: divide the length on a logarithmic axis by the segments' shares.
            words: what is written into each segment where there is room for it.
        """
        edges = _edges([segment.parameters for segment in segments], log)
        texts = words or [None] * len(segments)
        for segment, (start, end), text in zip(segments, pairwise(edges), texts, strict=True):
            self.add_bar(
                orientation="h",
                y=[middle],
                base=[start],
                x=[end - start],
                width=thickness,
                xaxis=f"x{axis}",
                yaxis=f"y{axis}",
                opacity=opacity,
                marker=_marker(segment.meaning, hatched=text is None),
                text=text,
                textposition="inside" if text else "none",
                insidetextanchor="middle",
                insidetextfont={"family": NUMBER_FONT, "size": 12, "color": DARK_INK},
                hovertext=segment.hover,
                hoverinfo="text",
            )

    def write_heading(self, words: str, y: float, axis: str) -> None:
        """Write words (HTML) at the left edge."""
        place = {"x": 0, "xref": "paper", "xanchor": "left", "y": y, "yref": f"y{axis}"}
        self.add_annotation(**place, text=words, showarrow=False, font={"size": 13})

    def write_number(self, words: str, y: float, axis: str, *, size: int = 12) -> None:
        """Write a number into the column right of the bars."""
        place = {"x": 1, "xref": "paper", "xanchor": "right", "y": y, "yref": f"y{axis}"}
        font = {"family": NUMBER_FONT, "size": size}
        self.add_annotation(**place, xshift=self.column - 2, text=words, showarrow=False, font=font)


def pixel_axis(height: int, **settings: Any) -> dict[str, Any]:
    """A hidden y axis that counts pixels from the top of a panel of this height."""
    return {"range": [height, 0], "visible": False, "fixedrange": True, **settings}


def _edges(parameters: list[int], log: bool) -> list[float]:
    """Where the parts of a bar begin and end on the axis."""
    total = sum(parameters)
    ends = [0, *accumulate(parameters)]
    return [total ** (end / total) for end in ends] if log else [float(end) for end in ends]


def _marker(meaning: Meaning, *, hatched: bool) -> dict[str, Any]:
    return {
        "color": colour(meaning),
        "line": {"color": colour(meaning), "width": 1},
        "pattern": {
            "shape": pattern(meaning) if hatched else "",
            "fillmode": "overlay",
            "fgcolor": "rgba(255,255,255,0.45)",
            "size": 6,
            "solidity": 0.2,
        },
    }
