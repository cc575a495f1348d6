"""The rank as boxes that grow with it, and the line of what it costs up to break-even."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import plotly.graph_objects as go

from lora_viz.figures.kit.base import Drawing, add_words
from lora_viz.figures.kit.colours import GRID, NEUTRAL, Meaning, colour, pattern, translucent
from lora_viz.figures.kit.fonts import NUMBER_FONT
from lora_viz.format import grouped
from lora_viz.i18n import _

# pixels
HEADING, BOX, AFTER_BOX = 20, 13, 6
COST_HEIGHT, LABEL_LINE = 252, 17
SEPARATE_CELLS = 64
ROOM = 1.12


@dataclass(frozen=True)
class RankBox:
    """One box: its rank, the words above it (HTML), the number at its right, whether it is ours."""

    rank: int
    heading: str
    number: str
    is_current: bool


@dataclass(frozen=True)
class CostPart:
    """Parameters of one meaning: `per_rank` more with each rank, and `constant` at any."""

    meaning: Meaning
    name: str
    per_rank: int
    constant: int


def rank_boxes(boxes: Sequence[RankBox]) -> go.Figure:
    """Draw a box for each rank, as wide as its rank; up to 64 ranks the cells are told apart.

    A cell is one of the r pieces, a column of B times a row of A, that ΔW is the sum of. A box
    without cells has an edge of one pixel, so that a thin one is seen.
    """
    pitch = HEADING + BOX + AFTER_BOX
    widest = max(box.rank for box in boxes)
    column = max(len(box.number) for box in boxes) * 7.4 + 12
    drawing = Drawing(len(boxes) * pitch + 6)
    drawing.update_layout(margin={"l": 4, "r": column, "t": 2, "b": 4})
    drawing.update_xaxes(visible=False, range=[0, widest], fixedrange=True)
    drawing.update_yaxes(visible=False, range=[len(boxes) * pitch, 0], fixedrange=True)
    for row, box in enumerate(boxes):
        top = row * pitch + HEADING
        _add_cells(drawing, box, top, widest)
        add_words(drawing, box.heading, (0, top - HEADING / 2), size=13, anchor="left")
        drawing.add_annotation(
            x=1,
            xref="paper",
            xanchor="right",
            xshift=column - 2,
            y=top + BOX / 2,
            text=f"<b>{box.number}</b>" if box.is_current else box.number,
            showarrow=False,
            font={"family": NUMBER_FONT, "size": 12},
        )
    return drawing.figure()


def rank_cost(
    parts: Sequence[CostPart],
    adapted_weights: int,
    rank: int,
    marked_ranks: Iterable[int],
    *,
    up_to_break_even: bool,
) -> go.Figure:
    """Draw the trained parameters over the rank, on linear axes that begin at 0.

    Args:
        parts: what is trained, stacked from the first upwards; those that grow come first.
        adapted_weights: values in every W that is adapted, drawn as a level.
        marked_ranks: ranks that get a point on the line.
        up_to_break_even: show break-even, else only up to the largest marked rank.
    """
    break_even = adapted_weights / sum(part.per_rank for part in parts)
    marked = sorted({*marked_ranks, rank})
    right = ROOM * max(break_even if up_to_break_even else 0, rank, *marked)
    at_right = total_at(parts, right)
    drawing = Drawing(COST_HEIGHT)
    drawing.update_layout(margin={"l": 68, "r": 44, "t": 2 * LABEL_LINE + 6, "b": 44})
    top = max(at_right, 1.08 * adapted_weights if up_to_break_even else 0)
    _axes(drawing, right, top)
    _add_areas(drawing, parts, right)
    if break_even <= right:
        _add_level(drawing, adapted_weights, (right, top))
        words = _("break-even of all adapted layers: r = %s") % grouped(round(break_even))
        _add_mark(drawing, break_even, right, words, line=1, bold=False)
    words = _("your r = %(rank)s: %(parameters)s") % {
        "rank": grouped(rank),
        "parameters": grouped(round(total_at(parts, rank))),
    }
    _add_mark(drawing, rank, right, words, line=0, bold=True)
    _add_points(drawing, parts, marked, rank)
    return drawing.figure()


def total_at(parts: Iterable[CostPart], rank: float) -> float:
    """All trained parameters at a rank."""
    return sum(part.constant + rank * part.per_rank for part in parts)


def _add_cells(drawing: Drawing, box: RankBox, top: float, widest: int) -> None:
    """One trace with a polygon for each cell; the gaps are inside of the box's width."""
    are_separate = widest <= SEPARATE_CELLS
    cells, width = (box.rank, 1.0) if are_separate else (1, float(box.rank))
    gap = 0.08 if are_separate else 0.0
    x: list[float | None] = []
    y: list[float | None] = []
    for left in (cell * width for cell in range(cells)):
        right = left + width - gap
        x += [left, right, right, left, left, None]
        y += [top, top, top + BOX, top + BOX, top, None]
    drawing.add_scatter(
        x=x,
        y=y,
        mode="lines",
        fill="toself",
        fillcolor=colour("update"),
        opacity=1.0 if box.is_current else 0.5,
        line={"width": 0 if are_separate else 1, "color": colour("update")},
        hoveron="fills",
        text=_("r = %s") % grouped(box.rank),
        hoverinfo="text",
    )


def _axes(drawing: Drawing, right: float, top: float) -> None:
    shared = {
        "showgrid": True,
        "gridcolor": GRID,
        "zeroline": False,
        "showline": False,
        "ticks": "",
        "tickfont": {"family": NUMBER_FONT, "size": 11},
    }
    drawing.update_xaxes(
        range=[0, right], nticks=7, title={"text": _("rank r"), "font": {"size": 12}}, **shared
    )
    drawing.update_yaxes(
        range=[0, top],
        nticks=5,
        exponentformat="B",
        minexponent=2,
        title={"text": _("trained parameters"), "font": {"size": 12}, "standoff": 14},
        **shared,
    )


def _add_areas(drawing: Drawing, parts: Sequence[CostPart], right: float) -> None:
    """One polygon for each part from r = 0 on, and its name at the right edge."""
    lows = [0, *accumulate(part.constant for part in parts)]
    highs = [0.0, *accumulate(total_at([part], right) for part in parts)]
    for part, (low, high), (low_right, high_right) in zip(
        parts, pairwise(lows), pairwise(highs), strict=True
    ):
        drawing.add_scatter(
            x=[0, right, right, 0, 0],
            y=[low, low_right, high_right, high, low],
            mode="lines",
            fill="toself",
            line={"width": 1, "color": colour(part.meaning)},
            fillpattern={
                "shape": pattern(part.meaning),
                "fgcolor": colour(part.meaning),
                "bgcolor": translucent(part.meaning, 0.45),
                "size": 7,
                "solidity": 0.25,
            },
            hoveron="fills",
            text=part.name,
            hoverinfo="text",
        )
        if part.per_rank:
            drawing.add_annotation(
                x=right,
                y=(low_right + high_right) / 2,
                xanchor="left",
                xshift=4,
                text=f"🔥 <b>{part.name}</b>",
                showarrow=False,
            )


def _add_level(drawing: Drawing, adapted_weights: int, ends: tuple[float, float]) -> None:
    """The level of the adapted W, with its words above it where the plot has room."""
    right, top = ends
    drawing.add_scatter(
        x=[0, right],
        y=[adapted_weights, adapted_weights],
        mode="lines",
        line={"width": 2, "color": colour("frozen")},
        hoverinfo="skip",
    )
    drawing.add_annotation(
        x=0,
        y=adapted_weights,
        xanchor="left",
        yanchor="bottom" if adapted_weights < 0.85 * top else "top",
        xshift=6,
        text=_("❄ the adapted W: %s") % grouped(adapted_weights),
        showarrow=False,
        font={"size": 12},
    )


def _add_mark(
    drawing: Drawing, rank: float, right: float, words: str, *, line: int, bold: bool
) -> None:
    """An upright line at a rank, with its words in one of the two lines above the plot."""
    drawing.add_shape(
        type="line",
        x0=rank,
        x1=rank,
        yref="paper",
        y0=0,
        y1=1,
        line={"width": 2 if bold else 1.5, "dash": "solid" if bold else "dash", "color": NEUTRAL},
    )
    is_left = rank < right / 2
    drawing.add_annotation(
        x=rank,
        xanchor="left" if is_left else "right",
        yref="paper",
        y=1,
        yanchor="middle",
        yshift=LABEL_LINE * (line + 0.5),
        text=f"<b>{words}</b>" if bold else words,
        showarrow=False,
        font={"size": 12},
    )


def _add_points(
    drawing: Drawing, parts: Sequence[CostPart], ranks: Sequence[int], current: int
) -> None:
    totals = [round(total_at(parts, rank)) for rank in ranks]
    drawing.add_scatter(
        x=ranks,
        y=totals,
        mode="markers",
        marker={
            "size": [11 if rank == current else 6 for rank in ranks],
            "color": colour("update"),
            "line": {"width": 1, "color": "white"},
        },
        cliponaxis=False,
        text=[
            f"r = {grouped(rank)}: {grouped(total)}"
            for rank, total in zip(ranks, totals, strict=True)
        ],
        hoverinfo="text",
    )
