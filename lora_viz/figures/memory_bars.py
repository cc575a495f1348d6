"""What a training step needs by method, as stacked bars against a card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from lora_viz.figures.kit.base import Drawing
from lora_viz.figures.kit.colours import GRID, NEUTRAL, NOT_ALLOCATED, STYLES, Meaning, Style
from lora_viz.figures.kit.fonts import NUMBER_FONT
from lora_viz.figures.kit.literal import as_plotly
from lora_viz.format import binary_size, grouped, size, three_digits

GB = 1e9
HEIGHT = 480
# a card with more than this many times the highest bar is written above the bars, not drawn
HIGHEST_LINE = 3.0
MEANINGS = list(STYLES)  # the order of the legend
PATTERN = {"fgcolor": "rgba(255,255,255,0.35)", "solidity": 0.2, "size": 7}


@dataclass(frozen=True)
class Piece:
    """A part of a bar or of the curve: its kind, its colour's meaning, its words, its bytes."""

    kind: str
    meaning: Meaning
    words: str
    bytes: int


def memory_bars(
    columns: Mapping[str, Sequence[Piece]], quoted: Mapping[str, int], card: tuple[str, int]
) -> go.Figure:
    """Draw one stacked bar a column, true to scale, and the card's memory as a line.

    Args:
        columns: for each bar's name its pieces from the bottom up.
        quoted: for the name of each bar that is only quoted its bytes; drawn as an outline.
        card: its name and its memory in bytes.
    """
    drawing = Drawing(HEIGHT)
    named: set[Meaning] = set()
    for name, pieces in columns.items():
        for piece in pieces:
            _add_piece(
                drawing, name, piece, piece.meaning not in named, MEANINGS.index(piece.meaning)
            )
            named.add(piece.meaning)
        _total(drawing, name, sum(piece.bytes for piece in pieces))
    for name, count in quoted.items():
        _add_quotation(drawing, name, count)
        _total(drawing, name, count)
    highest = max(
        *(sum(piece.bytes for piece in pieces) for pieces in columns.values()),
        *quoted.values(),
        0,
    )
    memory = card[1]
    is_far = memory > HIGHEST_LINE * highest
    drawing.update_layout(
        barmode="stack",
        showlegend=True,
        legend={
            "orientation": "h",
            "y": -0.28,
            "yanchor": "top",
            "font": {"size": 12},
            "maxheight": 0.65,  # of the picture: on a phone the names take ten rows
        },
        margin={"l": 56, "r": 8, "t": 24, "b": 84},
    )
    drawing.update_yaxes(
        title={"text": "GB = 10⁹ B", "standoff": 10},
        range=[0, 1.18 * (highest if is_far else max(highest, memory)) / GB],
        separatethousands=True,
        gridcolor=GRID,
        zeroline=False,
        fixedrange=True,
    )
    names = [*columns, *quoted]
    drawing.update_xaxes(
        fixedrange=True,
        tickangle=0,
        tickvals=names,
        ticktext=[name.replace(" ", "<br>") for name in names],
        tickfont={"size": 12},
    )
    _card_line(drawing, card, is_far=is_far)
    return drawing.figure()


def _add_piece(drawing: Drawing, name: str, piece: Piece, is_named: bool, rank: int) -> None:
    style = STYLES[piece.meaning]
    drawing.add_bar(
        x=[name],
        y=[piece.bytes / GB],
        name=f"{style.symbol} {piece.words}",
        legendgroup=piece.meaning,
        showlegend=is_named,
        legendrank=rank,
        width=0.6,
        marker=_hatched(style) if piece.meaning in NOT_ALLOCATED else _filled(style),
        hovertemplate=f"{piece.words}: {grouped(piece.bytes)} B<extra>{name}</extra>",
    )


def _filled(style: Style) -> dict[str, Any]:
    return {
        "color": style.colour,
        "line": {"width": 0},
        "pattern": {"shape": style.pattern, "fillmode": "overlay", **PATTERN},
    }


def _hatched(style: Style) -> dict[str, Any]:
    """Lines over nothing: the card needs room for it, the step allocates no tensor in it."""
    hatch = {"fgcolor": style.colour, "bgcolor": "rgba(0,0,0,0)", "solidity": 0.4, "size": 7}
    return {
        "color": style.colour,
        "line": {"width": 1, "color": style.colour},
        "pattern": {"shape": style.pattern, "fillmode": "replace", **hatch},
    }


def _add_quotation(drawing: Drawing, name: str, count: int) -> None:
    drawing.add_bar(
        x=[name],
        y=[count / GB],
        width=0.6,
        showlegend=False,
        marker={"color": "rgba(0,0,0,0)", "line": {"width": 1.5, "color": NEUTRAL}},
        hovertemplate=f"{size(count)}<extra>{name}</extra>",
    )


def _total(drawing: Drawing, name: str, total: int) -> None:
    drawing.add_annotation(
        x=name,
        y=total / GB,
        text=f"<b>{three_digits(total / GB)}</b>",
        showarrow=False,
        yanchor="bottom",
        hovertext=size(total),
        font={"family": NUMBER_FONT, "size": 13},
    )


def _card_line(drawing: Drawing, card: tuple[str, int], *, is_far: bool) -> None:
    """The card's memory as a line, unless it is far above, and its words over the picture."""
    name, memory = card
    if not is_far:
        drawing.add_shape(
            type="line",
            xref="x domain",
            x0=0,
            x1=1,
            y0=memory / GB,
            y1=memory / GB,
            line={"color": NEUTRAL, "width": 2, "dash": "dash"},
        )
    drawing.add_annotation(
        xref="paper",
        x=1,
        yref="paper",
        y=1,
        text=f"{'↑' if is_far else '┅'} {as_plotly(name)}: {binary_size(memory)} = {size(memory)}",
        showarrow=False,
        xanchor="right",
        yanchor="bottom",
        font={"size": 12},
    )
