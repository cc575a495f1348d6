"""The idea of LoRA as one picture: a frozen W, and beside it the thin A and B that are trained."""

from __future__ import annotations

import plotly.graph_objects as go

from lora_viz.figures.base import Drawing, add_rectangle, add_words, make_true_to_scale
from lora_viz.figures.colours import NEUTRAL
from lora_viz.format import grouped


def lora_idea(in_features: int, out_features: int, rank: int, scale: float) -> go.Figure:
    """Draw x → W → h with the second path x → A → B → × alpha/r, all rectangles to one scale.

    W is drawn in wide and out high, A in wide and r high, B r wide and out high.
    """
    drawing = Drawing(480)
    make_true_to_scale(drawing)
    unit = float(max(in_features, out_features))
    path_top, sum_x = out_features + 0.3 * unit, in_features + 0.65 * unit + rank
    middle = out_features / 2
    b_left = in_features + 0.2 * unit
    _matrices(drawing, (in_features, out_features, rank), (path_top, b_left))
    _labels(drawing, (in_features, out_features, rank), (path_top, b_left, unit), scale)
    end = (sum_x - 0.07 * unit, middle)
    start_x = -0.42 * unit
    add_words(drawing, "<b>x</b>", (start_x - 0.08 * unit, middle), size=22)
    _arrow(drawing, (start_x, middle), (-0.03 * unit, middle))
    _arrow(drawing, (in_features + 0.03 * unit, middle), end)
    _arrow(drawing, (start_x, middle + 0.04 * unit), (-0.03 * unit, path_top))
    _arrow(drawing, (in_features + 0.02 * unit, path_top), (b_left - 0.03 * unit, path_top))
    _arrow(
        drawing,
        (b_left + rank + 0.03 * unit, path_top + 0.1 * unit),
        (sum_x, middle + 0.09 * unit),
    )
    add_words(drawing, "<b>+</b>", (sum_x, middle), size=26)
    _arrow(drawing, (sum_x + 0.07 * unit, middle), (sum_x + 0.3 * unit, middle))
    add_words(drawing, "<b>h</b>", (sum_x + 0.38 * unit, middle), size=22)
    drawing.update_xaxes(range=[start_x - 0.15 * unit, sum_x + 0.45 * unit])
    drawing.update_yaxes(
        range=[path_top + out_features + 0.16 * unit, -0.16 * unit], autorange=False
    )
    return drawing.figure()


def _matrices(drawing: Drawing, sizes: tuple[int, int, int], path: tuple[float, float]) -> None:
    in_features, out_features, rank = sizes
    top, b_left = path
    add_rectangle(
        drawing,
        "frozen",
        (0, 0, in_features, out_features),
        f"W {out_features} × {in_features} = {grouped(in_features * out_features)}",
    )
    add_rectangle(
        drawing,
        "A",
        (0, top - rank / 2, in_features, rank),
        f"A {rank} × {in_features} = {grouped(rank * in_features)}",
    )
    add_rectangle(
        drawing,
        "B",
        (b_left, top, rank, out_features),
        f"B {out_features} × {rank} = {grouped(rank * out_features)}",
    )


def _labels(
    drawing: Drawing,
    sizes: tuple[int, int, int],
    path: tuple[float, float, float],
    scale: float,
) -> None:
    in_features, out_features, rank = sizes
    top, b_left, unit = path
    add_words(
        drawing, f"<b>❄ W</b>  {out_features} × {in_features}", (in_features / 2, -0.09 * unit)
    )
    add_words(drawing, f"<b>🔥 A</b>  {rank} × {in_features}", (in_features / 2, top - 0.09 * unit))
    below = (b_left + rank / 2, top + out_features + 0.09 * unit)
    add_words(drawing, f"<b>🔥 B</b>  {out_features} × {rank}", below)
    add_words(drawing, f"× {scale:.3g}", (b_left + rank + 0.32 * unit, top), anchor="left")


def _arrow(drawing: Drawing, start: tuple[float, float], end: tuple[float, float]) -> None:
    drawing.add_annotation(
        x=end[0],
        y=end[1],
        ax=start[0],
        ay=start[1],
        axref="x",
        ayref="y",
        text="",
        arrowhead=2,
        arrowwidth=1.6,
        arrowcolor=NEUTRAL,
    )
