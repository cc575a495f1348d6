"""Full fine-tuning and an adapter, as pairs of bars on linear axes or a logarithmic one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil, floor, log10
from typing import Any

import plotly.graph_objects as go

from lora_viz.figures.kit.bars import BarDrawing, Segment, pixel_axis
from lora_viz.figures.kit.colours import GRID
from lora_viz.figures.kit.fonts import NUMBER_FONT
from lora_viz.format import grouped
from lora_viz.i18n import _

# pixels
HEADING, BAR, BETWEEN_BARS, AFTER_PAIR, LENS = 22, 13, 3, 8, 22
PAIR = HEADING + 2 * BAR + BETWEEN_BARS + AFTER_PAIR
TOP, TICKS, TITLE, PANEL_GAP = 2, 30, 20, 8


@dataclass(frozen=True)
class BarPair:
    """Two bars under one heading (HTML), with the adapter's share in words."""

    heading: str
    share: str
    full: Segment
    adapter: tuple[Segment, ...]

    @property
    def trainable(self) -> int:
        """Parameters in the adapter's bar."""
        return sum(segment.parameters for segment in self.adapter)

    @property
    def longest(self) -> int:
        """Parameters in the longer bar."""
        return max(self.full.parameters, self.trainable)


def parameter_bars(panels: Sequence[Sequence[BarPair]], *, log: bool) -> go.Figure:
    """Draw panels below each other, in each a pair of bars for every entry.

    On linear axes every panel is true to scale and has its own axis; the last panel's
    adapter is drawn a second time, magnified. On the logarithmic axis all panels share one range,
    lengths are not true to scale, and the parts of a bar divide its length by their shares.
    """
    largest = [max(pair.longest for pair in panel) for panel in panels]
    zoom = 1 if log else magnification(largest[-1], panels[-1][-1].trainable)
    heights = [len(panel) * PAIR for panel in panels]
    limits: list[float] = [max(largest)] * len(panels) if log else [*largest]
    if zoom > 1:
        heights.append(LENS)
        limits.append(largest[-1] / zoom)
    gap = PANEL_GAP if log else TICKS
    axes = ["", *map(str, range(2, len(heights) + 1))]
    domains = _domains(heights, gap)
    total = TOP + sum(heights) + gap * (len(heights) - 1) + TICKS + TITLE
    drawing = BarDrawing(total, max(largest), l=10, t=TOP, b=TICKS + TITLE)
    drawing.update_layout(uniformtext={"minsize": 11, "mode": "hide"})  # the legend names it
    for axis, domain, height, limit in zip(axes, domains, heights, limits, strict=True):
        vertical = pixel_axis(height, domain=domain, anchor=f"x{axis}")
        horizontal = _value_axis(axis, limit, log, is_last=axis == axes[-1])
        drawing.update_layout(**{f"xaxis{axis}": horizontal, f"yaxis{axis}": vertical})
    for panel, axis in zip(panels, axes, strict=False):
        for row, pair in enumerate(panel):
            _draw_pair(drawing, pair, axis, row * PAIR, log)
    if zoom > 1:
        share = panels[-1][-1].trainable / largest[-1]
        _draw_beam(drawing, (share, share * zoom), (domains[-2][0], domains[-1][1]))
        _draw_lens(drawing, panels[-1][-1], axes[-1], zoom)
    return drawing.figure()


def magnification(axis_length: int, parameters: int) -> int:
    """A round factor that makes a bar nearly as long as its axis; 1 if it needs none."""
    possible = 0.95 * axis_length / parameters
    if possible < 3:
        return 1
    step = 10 ** floor(log10(possible))
    return floor(possible / step) * step


def _draw_pair(drawing: BarDrawing, pair: BarPair, axis: str, top: float, log: bool) -> None:
    drawing.write_heading(pair.heading, top + HEADING / 2, axis)
    drawing.write_number(f"<b>{pair.share}</b>", top + HEADING / 2, axis)
    full = top + HEADING + BAR / 2
    adapter = full + BAR + BETWEEN_BARS
    for segments, middle in (((pair.full,), full), (pair.adapter, adapter)):
        drawing.add_segments(segments, axis, middle, BAR, log=log)
        number = sum(segment.parameters for segment in segments)
        drawing.write_number(grouped(number), middle, axis)


def _draw_lens(drawing: BarDrawing, pair: BarPair, axis: str, zoom: int) -> None:
    """Draw the pair's adapter again on its own axis, which is shorter by the factor zoom."""
    words = [f"{segment.name} {grouped(segment.parameters)}" for segment in pair.adapter]
    drawing.add_segments(pair.adapter, axis, LENS / 2, LENS, words=words)
    drawing.write_number(_("× %s") % grouped(zoom), LENS / 2, axis, size=13)


def _draw_beam(
    drawing: BarDrawing, lengths: tuple[float, float], heights: tuple[float, float]
) -> None:
    """Shade the way from a bar to its magnified copy; all numbers are shares of the picture."""
    (bar, copy), (above, below) = lengths, heights
    drawing.add_shape(
        type="path",
        path=f"M 0,{above} L {bar},{above} L {copy},{below} L 0,{below} Z",
        xref="paper",
        yref="paper",
        layer="below",
        line={"width": 0},
        fillcolor=GRID,
    )


def _domains(heights: Sequence[int], gap: int) -> list[tuple[float, float]]:
    """Bottom and top of stacked panels as shares of the picture, from the uppermost down."""
    tops = [0, *accumulate(height + gap for height in heights)]
    total = tops[-1] - gap
    return [
        (1 - (top + height) / total, 1 - top / total)
        for top, height in zip(tops, heights, strict=False)
    ]


def _value_axis(axis: str, limit: float, log: bool, *, is_last: bool) -> dict[str, Any]:
    title = {"text": _("parameters"), "font": {"size": 12}, "standoff": 8}
    return {
        "type": "log" if log else "linear",
        "range": [0, log10(limit)] if log else [0, limit],
        "anchor": f"y{axis}",
        "nticks": 6,
        "dtick": max(1, ceil(log10(limit) / 7)) if log else None,
        "exponentformat": "B",
        "minexponent": 2,
        "showgrid": True,
        "gridcolor": GRID,
        "zeroline": False,
        "ticks": "",
        "showline": False,
        "showticklabels": is_last or not log,
        "tickfont": {"family": NUMBER_FONT, "size": 11},
        "title": title if is_last else None,
    }
