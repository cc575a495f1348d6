"""What training by each method keeps in memory, as stacked bars against a card."""

from __future__ import annotations

import plotly.graph_objects as go

from lora_viz.figures.base import NUMBER_FONT, Drawing
from lora_viz.figures.colours import NEUTRAL, STYLES, Meaning
from lora_viz.format import binary_size, grouped, size

GB = 1e9


def memory_bars(
    columns: dict[str, list[tuple[Meaning, str, int]]], card: tuple[str, int]
) -> go.Figure:
    """Draw one stacked bar a column, true to scale, and the card's memory as a line.

    Args:
        columns: for each bar's name its pieces from the bottom up: meaning, words, bytes.
        card: its name and its memory in bytes.
    """
    drawing = Drawing(440)
    named: set[Meaning] = set()
    for name, pieces in columns.items():
        for meaning, words, count in pieces:
            drawing.add_bar(
                x=[name],
                y=[count / GB],
                name=f"{STYLES[meaning].symbol} {words}",
                legendgroup=meaning,
                showlegend=meaning not in named,
                width=0.55,
                marker={
                    "color": STYLES[meaning].colour,
                    "line": {"width": 0},
                    "pattern": {
                        "shape": STYLES[meaning].pattern,
                        "fillmode": "overlay",
                        "fgcolor": "white",
                        "fgopacity": 0.35,
                        "solidity": 0.2,
                    },
                },
                hovertemplate=f"{words}: {grouped(count)} B<extra>{name}</extra>",
            )
            named.add(meaning)
        _total(drawing, name, sum(count for _meaning, _words, count in pieces))
    highest = max(sum(piece[2] for piece in pieces) for pieces in columns.values())
    _card_line(drawing, card)
    drawing.update_layout(
        barmode="stack",
        showlegend=True,
        legend={"orientation": "h", "y": -0.12, "yanchor": "top"},
        margin={"l": 64, "r": 8, "t": 28, "b": 110},
    )
    drawing.update_yaxes(
        title="GB = 10⁹ B",
        range=[0, 1.15 * max(highest, card[1]) / GB],
        gridcolor="rgba(138,150,163,0.25)",
        fixedrange=True,
    )
    drawing.update_xaxes(fixedrange=True)
    return drawing.figure()


def _total(drawing: Drawing, name: str, total: int) -> None:
    drawing.add_annotation(
        x=name,
        y=total / GB,
        text=f"<b>{size(total)}</b>",
        showarrow=False,
        yanchor="bottom",
        font={"family": NUMBER_FONT, "size": 14},
    )


def _card_line(drawing: Drawing, card: tuple[str, int]) -> None:
    name, memory = card
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
        x=0,
        y=memory / GB,
        text=f"{name}: {binary_size(memory)} = {size(memory)}",
        showarrow=False,
        xanchor="left",
        yanchor="bottom",
    )
