"""A rank sweep as small charts over the rank, with full fine-tuning for comparison."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from lora_viz.figures.kit.base import Drawing
from lora_viz.figures.kit.colours import GRID, NEUTRAL, colour
from lora_viz.figures.kit.fonts import NUMBER_FONT
from lora_viz.format import grouped
from lora_viz.i18n import _
from lora_viz.training.sweeps.findings import Spread

# pixels
PANEL, TITLE, TICKS, GAP = 118, 34, 42, 12
ROW = TITLE + PANEL + TICKS + GAP
APART = 0.5  # full fine-tuning has no rank and stands further away
COLUMNS = ((0.01, 0.46), (0.53, 0.98))


@dataclass(frozen=True)
class Panel:
    """One measurement over the rank: its title with the unit, and how a value is written."""

    title: str
    entries: Sequence[Spread]
    written: Callable[[float], str]


def sweep_figure(panels: Sequence[Panel]) -> go.Figure:
    """A chart for each measurement, two side by side; each begins at its own lowest value.

    Ranks stand at even distances, so each step to the right doubles the default ranks. A point is
    the median over the seeds, its line from the lowest to the highest.
    """
    rows = (len(panels) + 1) // 2
    height = rows * ROW
    drawing = Drawing(height)
    drawing.update_layout(margin={"l": 0, "r": 10, "t": 0, "b": 0}, dragmode=False)
    for number, panel in enumerate(panels):
        _add_panel(drawing, panel, number, height)
    return drawing.figure()


def _add_panel(drawing: Drawing, panel: Panel, number: int, height: int) -> None:
    left, right = COLUMNS[number % 2]
    top = (number // 2) * ROW
    axis = "" if number == 0 else str(number + 1)
    entries = panel.entries
    names = [_rank_name(entry.rank) for entry in entries]
    positions = [i + (APART if entry.rank is None else 0.0) for i, entry in enumerate(entries)]
    _add_axes(
        drawing, panel, axis, (left, right), (top, height), dict(zip(positions, names, strict=True))
    )
    for chosen, ink, symbol in (
        (False, colour("update"), "circle"),
        (True, NEUTRAL, "square"),
    ):
        places = [i for i, entry in enumerate(entries) if (entry.rank is None) == chosen]
        if not places:
            continue
        drawing.add_scatter(
            x=[positions[i] for i in places],
            y=[entries[i].median for i in places],
            xaxis=f"x{axis}",
            yaxis=f"y{axis}",
            mode="markers" if chosen else "lines+markers",
            line={"color": ink, "width": 2},
            marker={"size": 10, "symbol": symbol, "color": ink},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [entries[i].high - entries[i].median for i in places],
                "arrayminus": [entries[i].median - entries[i].low for i in places],
                "color": ink,
                "thickness": 2,
                "width": 5,
            },
            text=[_hover(panel, entries[i]) for i in places],
            hoverinfo="text",
            cliponaxis=False,
        )
    drawing.add_annotation(
        x=left,
        xref="paper",
        y=1 - top / height,
        yref="paper",
        xanchor="left",
        yanchor="top",
        yshift=-6,
        text=panel.title,
        showarrow=False,
        align="left",
        font={"size": 12},
    )


def _add_axes(
    drawing: Drawing,
    panel: Panel,
    axis: str,
    across: tuple[float, float],
    down: tuple[int, int],
    names: dict[float, str],
) -> None:
    top, height = down
    low = min([entry.low for entry in panel.entries])
    high = max([entry.high for entry in panel.entries])
    margin = 0.12 * (high - low or abs(high) or 1.0)
    tick = {"family": NUMBER_FONT, "size": 11}
    drawing.update_layout(
        **{
            f"xaxis{axis}": {
                "domain": [*across],
                "anchor": f"y{axis}",
                "range": [-0.8, max(names) + 0.5],
                "tickvals": [*names],
                "ticktext": [*names.values()],
                "tickangle": 0,
                "title": {"text": _("rank r"), "font": {"size": 11}, "standoff": 2},
                "showgrid": False,
                "zeroline": False,
                "fixedrange": True,
                "tickfont": tick,
            },
            f"yaxis{axis}": {
                "domain": [1 - (top + TITLE + PANEL) / height, 1 - (top + TITLE) / height],
                "anchor": f"x{axis}",
                "range": [low - margin, high + 1.6 * margin],
                "nticks": 4,
                "gridcolor": GRID,
                "zeroline": False,
                "fixedrange": True,
                "tickfont": tick,
                "ticklabelposition": "inside top",
                "exponentformat": "SI",
            },
        }
    )


def _hover(panel: Panel, entry: Spread) -> str:
    words = f"<b>{_rank_words(entry.rank)}</b><br>{panel.written(entry.median)}"
    if entry.runs == 1:
        return words + "<br>" + _("one seed")
    return (
        words
        + "<br>"
        + _("median of %(runs)s seeds, %(low)s to %(high)s")
        % {
            "runs": entry.runs,
            "low": panel.written(entry.low),
            "high": panel.written(entry.high),
        }
    )


def _rank_name(rank: int | None) -> str:
    return _("full") if rank is None else grouped(rank)


def _rank_words(rank: int | None) -> str:
    return _("full fine-tuning") if rank is None else _("r = %s") % grouped(rank)
