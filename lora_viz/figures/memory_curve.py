"""What a training step has allocated from its first operation to its last, by kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

import plotly.graph_objects as go

from lora_viz.figures.kit.base import Drawing
from lora_viz.figures.kit.colours import GRID, NEUTRAL, STYLES
from lora_viz.figures.kit.fonts import NUMBER_FONT
from lora_viz.figures.memory_bars import GB, PATTERN, Piece
from lora_viz.format import size
from lora_viz.i18n import _

HEIGHT = 356
LINE = 16  # pixels
PHASE_SYMBOLS = {"forward": "→", "backward": "←", "optimizer": "m v"}


def memory_curve(
    moments: Sequence[tuple[str, Sequence[Piece]]],
    peak: tuple[str, int],
    phase_names: Mapping[str, str],
) -> go.Figure:
    """Draw one area a kind over the moments of a step, stacked and true to scale in height.

    Args:
        moments: for each moment its phase and the pieces from the bottom up, always the same kinds.
        peak: the phase and the bytes of the highest of these moments.
        phase_names: what each phase is called.
    """
    drawing = Drawing(HEIGHT)
    for index, piece in enumerate(moments[0][1]):
        _add_area(drawing, piece, [pieces[index].bytes for _phase, pieces in moments])
    for number, (phase, start, end) in enumerate(_stretches([phase for phase, _pieces in moments])):
        words = f"{PHASE_SYMBOLS[phase]} {phase_names[phase]}"
        _mark_phase(drawing, words, (start, end), number, is_last=end == len(moments) - 1)
    _mark_peak(drawing, moments, peak)
    drawing.update_layout(
        margin={"l": 56, "r": 8, "t": 26 + LINE, "b": 26}, hovermode="x unified", showlegend=False
    )
    drawing.update_xaxes(
        range=[0, len(moments) - 1],
        showticklabels=False,
        ticks="",
        showgrid=False,
        zeroline=False,
        fixedrange=True,
        title={"text": _("order of the operations, not time"), "font": {"size": 12}},
    )
    drawing.update_yaxes(
        range=[0, 1.2 * peak[1] / GB],
        separatethousands=True,
        title={"text": "GB = 10⁹ B", "standoff": 10},
        gridcolor=GRID,
        zeroline=False,
        fixedrange=True,
    )
    return drawing.figure()


def _add_area(drawing: Drawing, piece: Piece, heights: Sequence[int]) -> None:
    style = STYLES[piece.meaning]
    drawing.add_scatter(
        y=[height / GB for height in heights],
        name=piece.words,
        stackgroup="kinds",
        mode="lines",
        line={"width": 0},
        fillcolor=style.colour,
        fillpattern={"shape": style.pattern, "bgcolor": style.colour, **PATTERN},
        text=[size(height) for height in heights],
        hovertemplate="%{text}",
    )


def _stretches(phases: Sequence[str]) -> list[tuple[str, int, int]]:
    """Each phase with where it begins and where the next one does, in the order of the step."""
    found, start = [], 0
    for phase, group in groupby(phases):
        end = start + len(list(group))
        found.append((phase, start, min(end, len(phases) - 1)))
        start = end
    return found


def _mark_phase(
    drawing: Drawing, words: str, stretch: tuple[int, int], number: int, *, is_last: bool
) -> None:
    """Name a phase where it begins; the last, which is short, where it ends and a line higher."""
    start, end = stretch
    if number:
        drawing.add_shape(
            type="line",
            x0=start,
            x1=start,
            yref="paper",
            y0=0,
            y1=1,
            line={"color": NEUTRAL, "width": 1, "dash": "dot"},
        )
    drawing.add_annotation(
        x=end if is_last else start,
        yref="paper",
        y=1,
        text=words,
        showarrow=False,
        xanchor="right" if is_last else "left",
        yanchor="bottom",
        yshift=LINE if is_last else 0,
        font={"size": 13},
    )


def _mark_peak(
    drawing: Drawing, moments: Sequence[tuple[str, Sequence[Piece]]], peak: tuple[str, int]
) -> None:
    totals = [
        sum(piece.bytes for piece in pieces) if phase == peak[0] else -1
        for phase, pieces in moments
    ]
    where = totals.index(max(totals))
    drawing.add_annotation(
        x=where,
        y=peak[1] / GB,
        text="<b>" + _("peak %s") % size(peak[1]) + "</b>",
        showarrow=True,
        arrowhead=2,
        arrowcolor=NEUTRAL,
        ax=34,
        ay=-16,
        xanchor="left",
        font={"family": NUMBER_FONT, "size": 14},
    )
