"""What rank r misses of a ΔW, above the singular values that it keeps and cuts off."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from lora_viz.figures.kit.base import Drawing
from lora_viz.figures.kit.colours import NEUTRAL, colour, translucent
from lora_viz.figures.kit.fonts import NUMBER_FONT
from lora_viz.format import grouped, percent
from lora_viz.i18n import _
from lora_viz.training.update.rebuild import Rebuild

FIGURE_HEIGHT = 440
HIGHEST_PERCENT = 114  # leaves room for the words at the mark


def rebuild_figure(rebuild: Rebuild, rank: int) -> go.Figure:
    """Relative errors over the rank, at best and as fitted, above the singular values."""
    drawing = _empty_picture(rebuild)
    shown = min(rank, rebuild.highest_rank)
    _singular_values(drawing, rebuild, shown)
    if rebuild.true_rank is not None:
        _mark_true_rank(drawing, rebuild, rebuild.true_rank)
    _mark_rank(drawing, rebuild, rank)
    _errors(drawing, rebuild.fitted_errors, _("B and A fitted"), colour("update"), "solid")
    _errors(drawing, rebuild.best_errors, _("best possible (SVD)"), NEUTRAL, "dash")
    _dot(drawing, shown, rebuild.fitted_error(rank), colour("update"), "circle")
    _dot(drawing, shown, rebuild.best_error(rank), NEUTRAL, "circle-open")
    return drawing.figure()


def _empty_picture(rebuild: Rebuild) -> Drawing:
    drawing = Drawing(FIGURE_HEIGHT)
    highest = rebuild.highest_rank
    powers = [2**power for power in range(highest.bit_length())]
    drawing.update_layout(
        margin={"l": 64, "r": 16, "t": 36, "b": 48},
        dragmode=False,
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom", "font": {"size": 13}},
        xaxis={
            "type": "log",
            "range": [np.log10(0.9), np.log10(max(highest, 2) * 1.1)],
            "tickvals": powers,
            "title": {"text": _("rank r (logarithmic axis)")},
            "anchor": "y2",
            "fixedrange": True,
        },
        yaxis={
            "domain": [0.42, 1],
            "range": [0, HIGHEST_PERCENT],
            "tickvals": [0, 25, 50, 75, 100],
            "title": {"text": _("error, % of ‖ΔW‖")},
            "gridcolor": translucent("activations", 0.25),
            "fixedrange": True,
        },
        yaxis2={
            "domain": [0, 0.32],
            "range": [0, float(rebuild.singular_values[0]) * 1.1],
            "nticks": 4,
            "title": {"text": _("singular values")},
            "gridcolor": translucent("activations", 0.25),
            "fixedrange": True,
        },
    )
    return drawing


def _singular_values(drawing: Drawing, rebuild: Rebuild, rank: int) -> None:
    """Fill the area below the kept values in ΔW's colour and below the others in grey."""
    ranks = np.arange(1, rebuild.highest_rank + 1)
    hover = "σ<sub>%{x:,}</sub> = %{y:.4g}<extra></extra>"
    for chosen, ink, fill in (
        (ranks >= rank, NEUTRAL, translucent("activations", 0.3)),
        (ranks <= rank, colour("update"), translucent("update", 0.35)),
    ):
        drawing.add_scatter(
            x=ranks[chosen],
            y=rebuild.singular_values[chosen],
            yaxis="y2",
            mode="lines+markers",
            line={"color": ink, "width": 1.5},
            marker={"size": 5},
            fill="tozeroy",
            fillcolor=fill,
            hovertemplate=hover,
            showlegend=False,
        )


def _mark_rank(drawing: Drawing, rebuild: Rebuild, rank: int) -> None:
    """A line at the current rank, or at the highest, with words in the room above the errors."""
    highest = rebuild.highest_rank
    words = f"r = {grouped(rank)}" + (f" > {grouped(highest)}" if rank > highest else "")
    _line(drawing, rebuild, min(rank, highest), f"<b>{words}</b>", "y", 108, "solid")


def _mark_true_rank(drawing: Drawing, rebuild: Rebuild, rank: int) -> None:
    """A dotted line at the true rank through both charts; its words stand by the lower one."""
    largest = float(rebuild.singular_values[0])
    _line(drawing, rebuild, rank, "", "y", 100, "dot")
    _line(drawing, rebuild, rank, _("true rank %s") % rank, "y2", largest, "dot")


def _line(
    drawing: Drawing,
    rebuild: Rebuild,
    rank: int,
    words: str,
    axis: str,
    top: float,
    dash: str,
) -> None:
    """A vertical line from 0 to `top` with words on the side that has more room."""
    drawing.add_scatter(
        x=[rank, rank],
        y=[0, top],
        yaxis=axis,
        mode="lines+text",
        text=["", f" {words} "],
        textposition="middle right" if rank**2 <= rebuild.highest_rank else "middle left",
        textfont={"size": 13},
        line={"color": NEUTRAL, "width": 1, "dash": dash},
        hoverinfo="skip",
        showlegend=False,
    )


def _errors(drawing: Drawing, errors: np.ndarray, name: str, ink: str, dash: str) -> None:
    drawing.add_scatter(
        x=np.arange(1, len(errors)),
        y=errors[1:] * 100,
        mode="lines",
        name=name,
        line={"color": ink, "width": 2.5, "dash": dash},
        hovertemplate="r = %{x:,}<br>%{y:.4g} %<extra>" + name + "</extra>",
    )


def _dot(drawing: Drawing, rank: int, error: float, ink: str, symbol: str) -> None:
    drawing.add_scatter(
        x=[rank],
        y=[error * 100],
        mode="markers",
        marker={"size": 13, "color": ink, "symbol": symbol, "line": {"width": 2}},
        text=f"r = {grouped(rank)}<br>{percent(error)}",
        textfont={"family": NUMBER_FONT},
        hoverinfo="text",
        showlegend=False,
    )
