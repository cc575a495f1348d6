"""One kind of curve for several runs together: a colour, a dash and a name for each run."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import plotly.graph_objects as go

from lora_viz.figures.kit.base import Drawing
from lora_viz.figures.kit.colours import GRID, RUN_COLOURS
from lora_viz.figures.kit.literal import as_plotly
from lora_viz.i18n import _
from lora_viz.training.runs.curves import Curve

# in grey printing they tell runs apart
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "solid")
MOST_RUNS = len(RUN_COLOURS)
HEIGHTS = {"wide": 430, "narrow": 380}
LINE_PIXELS = 17
SHORT_CURVE = 60  # so few points are marked each


def curve_titles() -> dict[str, str]:
    """What each kind of curve is called on its axis, with its unit."""
    return {
        "held_out": _("Held-out loss, nats per token"),
        "validation": _("Validation loss, nats per token"),
        "training": _("Training loss, nats per token"),
        "gradient_norm": _("Gradient norm"),
        "learning_rate": _("Learning rate"),
    }


def run_comparison(
    curves: Mapping[str, Curve], kind: str, ends_alone: Collection[str] = ()
) -> dict[str, go.Figure]:
    """Draw the curves of up to `MOST_RUNS` runs for a wide and for a narrow place.

    Args:
        curves: for each run's name its curve.
        kind: a key of `curve_titles`.
        ends_alone: the names of runs of which the two ends are known, and no way between them.
    """
    return {shape: _drawn(curves, kind, ends_alone, height) for shape, height in HEIGHTS.items()}


def _drawn(
    curves: Mapping[str, Curve], kind: str, ends_alone: Collection[str], height: int
) -> go.Figure:
    names_height = LINE_PIXELS * len(curves)
    drawing = Drawing(height + names_height)
    drawing.update_layout(
        hovermode="x",
        uirevision=kind,
        margin={"l": 64, "r": 10, "t": names_height + 12, "b": 44},
    )
    common = {"gridcolor": GRID, "zeroline": False, "uirevision": kind}
    drawing.update_xaxes(
        **common,
        title={"text": _("optimizer steps"), "standoff": 6},
        tickformat=",d",
        rangemode="tozero",
    )
    drawing.update_yaxes(
        **common,
        automargin=True,  # ticks of huge values are wide
        title={"text": curve_titles()[kind], "standoff": 10},
        exponentformat="power",
    )
    for number, (name, curve) in enumerate(curves.items()):
        _add_run(drawing, number, name, curve.thinned(), name in ends_alone)
        _add_name(drawing, number, name, names_height, name in ends_alone)
    return drawing.figure()


def _add_run(drawing: Drawing, number: int, name: str, curve: Curve, ends_alone: bool) -> None:
    with_markers = "markers" if ends_alone else "lines+markers"
    drawing.add_scatter(
        x=curve.steps,
        y=curve.values,
        name=as_plotly(name),
        mode=with_markers if len(curve.steps) <= SHORT_CURVE else "lines",
        line={"color": RUN_COLOURS[number], "dash": DASHES[number], "width": 2.2},
        marker={"size": 9 if ends_alone else 6},
        cliponaxis=False,  # else the marker at the start is half a one
        hovertemplate="%{y:.5~g} " + as_plotly(name) + "<extra></extra>",
    )


def _add_name(drawing: Drawing, number: int, name: str, height: int, ends_alone: bool) -> None:
    """The run's name above the curves, in its colour."""
    drawing.add_annotation(
        x=0,
        xref="paper",
        xanchor="left",
        y=1,
        yref="paper",
        yanchor="top",
        yshift=height + 4 - LINE_PIXELS * number,
        text=f"{_sign(number, ends_alone)} {as_plotly(name)}",
        showarrow=False,
        font={"size": 12},
    )


def _sign(number: int, ends_alone: bool) -> str:
    """A run's line, or its points, as a sign in its colour."""
    signs = {"solid": "──", "dash": "╌╌", "dot": "··", "dashdot": "─·"}
    sign = "●" if ends_alone else signs.get(DASHES[number], "── ─")
    return f"<span style='color:{RUN_COLOURS[number]}'><b>{sign}</b></span>"
