"""The curves of one run over its steps: losses, perplexity, gradient norm, learning rate, memory.

They are made for a chart that is redrawn in place while the run goes on: the axis of the steps is
as long from the first step as at the last, and what a reader zoomed stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from lora_viz.figures.kit.base import Drawing
from lora_viz.figures.kit.colours import GRID, NEUTRAL, colour, translucent
from lora_viz.i18n import _
from lora_viz.training.runs.curves import Curve, Curves

# left, right, bottom and top of each panel, in parts of the figure: losses above, the rest below
WIDE = {
    "loss": (0.07, 0.64, 0.56, 0.95),
    "perplexity": (0.73, 1.0, 0.56, 0.95),
    "gradient_norm": (0.07, 0.33, 0.07, 0.40),
    "learning_rate": (0.41, 0.66, 0.07, 0.40),
    "memory": (0.75, 1.0, 0.07, 0.40),
}
NARROW = {
    "loss": (0.15, 1.0, 0.80, 0.96),
    "perplexity": (0.15, 1.0, 0.60, 0.74),
    "gradient_norm": (0.15, 1.0, 0.40, 0.54),
    "learning_rate": (0.15, 1.0, 0.20, 0.34),
    "memory": (0.15, 1.0, 0.03, 0.14),
}
WIDE_HEIGHT, NARROW_HEIGHT = 400, 1000
MEMORY_DASHES = {
    "resident": "solid",
    "allocated": "solid",
    "reserved": "dash",
    "peak_allocated": "dot",
    "device_used": "dashdot",
}
DASH_SIGNS = {"solid": "—", "dash": "– –", "dot": "···", "dashdot": "–·"}
MIB = 2**20


@dataclass(frozen=True)
class _Line:
    """How one curve is drawn: its words, its line, its markers."""

    words: str
    line: dict[str, Any]
    marker: dict[str, Any] | None = None


def training_curves(curves: Curves, steps: int, name: str) -> dict[str, go.Figure]:
    """Draw a run for a wide and for a narrow place; both hold the same curves.

    Args:
        curves: what was recorded so far.
        steps: how many steps there will be.
        name: the run's name; zooms are kept while it stays.
    """
    return {
        "wide": _drawn(curves, steps, name, WIDE, WIDE_HEIGHT),
        "narrow": _drawn(curves, steps, name, NARROW, NARROW_HEIGHT),
    }


def _drawn(
    curves: Curves,
    steps: int,
    name: str,
    panels: Mapping[str, tuple[float, float, float, float]],
    height: int,
) -> go.Figure:
    drawing = Drawing(height)
    drawing.update_layout(uirevision=name, hovermode="x", margin={"l": 0, "r": 12, "t": 4, "b": 4})
    contents = _panels(curves)
    for number, (panel, place) in enumerate(panels.items(), start=1):
        title, lines, floating = contents[panel]
        axis = "" if number == 1 else str(number)
        if not any(curve.steps for _line, curve in lines):
            _add_title(drawing, title, "   " + _("no step yet"), place)
            continue
        _add_axes(drawing, axis, place, steps, name, from_zero=not floating)
        names = _names([line for line, _curve in lines], below=panels is NARROW)
        _add_title(drawing, title, names, place)
        for line, curve in lines:
            _add_line(drawing, line, curve.thinned(), axis)
    return drawing.figure()


def _panels(curves: Curves) -> dict[str, tuple[str, list[tuple[_Line, Curve]], bool]]:
    """Each panel's title with its unit, its curves, and whether its axis need not begin at zero."""
    memory = [
        (_Line(words, {"color": NEUTRAL, "width": 2, "dash": MEMORY_DASHES[reading]}), in_mib)
        for reading, words in memory_names().items()
        if reading in curves.memory and (in_mib := _in_mib(curves.memory[reading]))
    ]
    held_out = [(loss_lines()["held_out"], curves.perplexity)]
    gradient = _Line("", {"color": colour("gradient"), "width": 1.6})
    rate = _Line("", {"color": colour("optimizer"), "width": 2})
    return {
        "loss": (_("Loss, nats per token"), _losses(curves), True),
        "perplexity": (_("Perplexity = exp(held-out loss)"), held_out, True),
        "gradient_norm": (_("Gradient norm"), [(gradient, curves.gradient_norm)], False),
        "learning_rate": (_("Learning rate"), [(rate, curves.learning_rate)], False),
        "memory": (_memory_title([line.words for line, _curve in memory]), memory, False),
    }


def _memory_title(readings: list[str]) -> str:
    return _("Memory, MiB") if len(readings) != 1 else _("Memory: %s, MiB") % readings[0]


def loss_lines() -> dict[str, _Line]:
    """The losses' lines: one colour, told apart by width, dash and marker."""
    ink = colour("logits")
    return {
        "training": _Line(_("training batch"), {"color": translucent("logits", 0.6), "width": 1.4}),
        "validation": _Line(
            _("validation"),
            {"color": ink, "width": 1.6, "dash": "dot"},
            {"symbol": "circle-open", "size": 7, "color": ink},
        ),
        "held_out": _Line(
            _("held-out"), {"color": ink, "width": 2.6}, {"symbol": "circle", "size": 7}
        ),
    }


def memory_names() -> dict[str, str]:
    """What each reading of memory is called."""
    return {
        "resident": _("resident set"),
        "allocated": _("allocated"),
        "reserved": _("reserved"),
        "peak_allocated": _("peak allocated"),
        "device_used": _("whole GPU"),
    }


def _losses(curves: Curves) -> list[tuple[_Line, Curve]]:
    lines = loss_lines()
    found = [(lines["training"], curves.loss)]
    for part in ("validation", "held_out"):
        if part in curves.evaluations:
            found.append((lines[part], curves.evaluations[part]))
    return found


def _in_mib(curve: Curve) -> Curve:
    return Curve(curve.steps, [None if value is None else value / MIB for value in curve.values])


def _add_axes(
    drawing: Drawing,
    axis: str,
    place: tuple[float, float, float, float],
    steps: int,
    name: str,
    *,
    from_zero: bool,
) -> None:
    left, right, bottom, top = place
    common = {"gridcolor": GRID, "zeroline": False, "tickfont": {"size": 11}, "uirevision": name}
    drawing.update_layout(
        **{
            f"xaxis{axis}": common
            | {
                "domain": [left, right],
                "anchor": f"y{axis}",
                "range": [-0.015 * steps, steps * 1.02],
                "nticks": 6,
                "tickformat": ",d",
                "title": {"text": _("step"), "font": {"size": 11}, "standoff": 2},
            },
            f"yaxis{axis}": common
            | {
                "domain": [bottom, top],
                "anchor": f"x{axis}",
                "nticks": 5,
                "rangemode": "tozero" if from_zero else "normal",
                "exponentformat": "power",
            },
        }
    )


def _add_title(
    drawing: Drawing,
    title: str,
    after: str,
    place: tuple[float, float, float, float],
) -> None:
    """The panel's title with its unit, and what comes after it."""
    left, _right, _bottom, top = place
    drawing.add_annotation(
        x=left,
        xref="paper",
        xanchor="left",
        y=top,
        yref="paper",
        yanchor="bottom",
        yshift=3,
        text=f"<b>{title}</b>{after}",
        align="left",
        showarrow=False,
        font={"size": 12},
    )


def _names(lines: list[_Line], *, below: bool) -> str:
    """The curves' names with their signs, after or below the title, where there are several."""
    if len(lines) < 2:
        return ""
    return ("<br>" if below else "   ") + "   ".join(f"{_sign(one)} {one.words}" for one in lines)


def _sign(line: _Line) -> str:
    """A line's look as a sign in its colour."""
    if line.marker:
        sign = "○" if line.marker["symbol"] == "circle-open" else "●"
    else:
        sign = DASH_SIGNS[line.line.get("dash", "solid")]
    return f"<span style='color:{line.line['color']}'><b>{sign}</b></span>"


def _add_line(drawing: Drawing, line: _Line, curve: Curve, axis: str) -> None:
    drawing.add_scatter(
        x=curve.steps,
        y=curve.values,
        xaxis=f"x{axis}",
        yaxis=f"y{axis}",
        name=line.words,
        mode="lines+markers" if line.marker or len(curve.steps) == 1 else "lines",
        line=line.line,
        marker=line.marker or {"color": line.line["color"], "size": 5},
        hovertemplate="%{y:.5~g}" + (f" {line.words}" if line.words else "") + "<extra></extra>",
    )
