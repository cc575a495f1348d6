"""Matrices as heat maps in one picture: blue is negative, orange positive, the frame its meaning.

Positions are shares of the picture's width and pixels from its top.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from lora_viz.figures.kit.base import Drawing
from lora_viz.figures.kit.colours import NEUTRAL, Meaning, colour, diverging_scale
from lora_viz.figures.kit.fonts import NUMBER_FONT
from lora_viz.forward.samples import TensorSample
from lora_viz.i18n import _

FADED = 0.3
SCALES = ("diverging", "sequential", "sequentialminus")  # whatever the signs of the values
LABEL_HEIGHT = 32

Presence = Literal["ahead", "now", "done"]


@dataclass(frozen=True)
class Box:
    """Where a heat map stands: shares of the width from the left, pixels from the top."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right side."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Its lower side."""
        return self.top + self.height

    @property
    def middle(self) -> float:
        """The middle of its width."""
        return self.left + self.width / 2

    @property
    def half_way(self) -> float:
        """The middle of its height."""
        return self.top + self.height / 2


@dataclass(frozen=True)
class Named:
    """A matrix with its name in the picture (HTML) and its meaning."""

    name: str
    meaning: Meaning
    sample: TensorSample


def heat_map_drawing(height: int, scale_bottom: int | None = None) -> Drawing:
    """An empty picture for heat maps, with the scale of their colours in its lowest pixels.

    `scale_bottom` puts the scale so that it ends as many pixels from the top.
    """
    drawing = Drawing(height)
    drawing.update_layout(margin={"l": 0, "r": 0, "t": 0, "b": 0}, dragmode=False)
    # the figure's own scale, which the page's theme changes, and not one for each matrix
    drawing.update_layout(colorscale=dict.fromkeys(SCALES, diverging_scale("light")))
    drawing.update_xaxes(visible=False, range=[-0.005, 1.005], fixedrange=True)
    drawing.update_yaxes(visible=False, range=[height, 0], fixedrange=True)
    drawing.add_scatter(
        x=[None],
        y=[None],
        hoverinfo="skip",
        marker={
            "autocolorscale": True,
            "cmin": -1,
            "cmax": 1,
            "color": [0],
            "showscale": True,
            "colorbar": {
                "orientation": "h",
                "thickness": 8,
                "len": 0.5,
                "x": 0.5,
                "y": 0 if scale_bottom is None else 1 - scale_bottom / height,
                "yanchor": "bottom",
                "ypad": 6,
                "outlinewidth": 0,
                "tickvals": [-1, 0, 1],
                "ticktext": [_("−range"), "0", _("+range")],
                "tickfont": {"size": 11},
                "title": {
                    "text": _("value (a sample, not to scale)"),
                    "side": "top",
                    "font": {"size": 11},
                },
            },
        },
    )
    return drawing


def add_heat_map(
    drawing: Drawing,
    named: Named,
    box: Box,
    *,
    rows: int | None = None,
    scale: float | None = None,
    centre: float = 0.0,
    presence: Presence = "now",
    label_right: bool = False,
    narrow: bool = False,
) -> None:
    """Draw the sampled values in a frame with name, shape and range above it or to its right.

    Args:
        rows: how many of the sampled rows are drawn; all if not given.
        scale: the largest distance from the centre that the colours show; the matrix's own if
            not given.
        centre: the value between the two colours.
        presence: what is ahead is an empty frame; what is done is pale.
        narrow: the range stands on a separate line below the shape.
    """
    sample = named.sample
    limit = max(sample.maximum - centre, centre - sample.minimum) if scale is None else scale
    if presence != "ahead":
        opacity = FADED if presence == "done" else 1.0
        _values(drawing, named, box, rows, (centre - limit, centre + limit), opacity)
    drawing.add_shape(
        type="rect",
        x0=box.left,
        x1=box.right,
        y0=box.top,
        y1=box.bottom,
        line={
            "color": colour(named.meaning),
            "width": 2,
            "dash": "dot" if presence == "ahead" else "solid",
        },
        opacity=FADED if presence == "done" else 1.0,
    )
    at = (box.right, box.half_way) if label_right else (box.left, box.top)
    shown = "" if presence == "ahead" else range_words(limit, centre)
    _label(drawing, named, at, shown, label_right, "<br>" if narrow else " · ")


def add_arrow(drawing: Drawing, *points: tuple[float, float]) -> None:
    """A line through these points with an arrow at its end."""
    drawing.add_scatter(
        x=[x for x, _y in points],
        y=[y for _x, y in points],
        mode="lines+markers",
        line={"width": 1.5, "color": NEUTRAL},
        marker={
            "symbol": "arrow",
            "angleref": "previous",
            "size": [0] * (len(points) - 1) + [12],
            "opacity": 1,
            "line": {"width": 0},
            "color": NEUTRAL,
        },
        hoverinfo="skip",
    )


def range_words(limit: float, centre: float = 0.0) -> str:
    """The range of a heat map's colours: "±0.0194", or around another centre "1 ± 0.0194"."""
    return f"{centre:g} ± {limit:.3g}" if centre else f"±{limit:.3g}"


def _values(
    drawing: Drawing,
    named: Named,
    box: Box,
    rows: int | None,
    limits: tuple[float, float],
    opacity: float,
) -> None:
    values = named.sample.values[:rows]
    row_indices, column_indices = named.sample.rows[:rows], named.sample.columns
    height, width = values.shape
    low, high = limits if limits[0] < limits[1] else (-1.0, 1.0)
    drawing.add_heatmap(
        z=values,
        x=np.linspace(box.left, box.right, width + 1),
        y=np.linspace(box.top, box.bottom, height + 1),
        zmin=low,
        zmax=high,
        autocolorscale=True,
        showscale=False,
        opacity=opacity,
        text=[[f"[{row}, {column}]" for column in column_indices] for row in row_indices],
        hovertemplate=f"<b>{named.name}</b> %{{text}}<br>%{{z:.6g}}<extra></extra>",
    )


def _label(
    drawing: Drawing, named: Named, at: tuple[float, float], shown: str, right: bool, gap: str
) -> None:
    small = "×".join(str(length) for length in named.sample.shape)
    if shown:
        small += f"{gap}{shown}"
    drawing.add_annotation(
        x=at[0],
        y=at[1],
        text=f"<b>{named.name}</b><br>"
        f"<span style='font-size:11px;font-family:{NUMBER_FONT}'>{small}</span>",
        showarrow=False,
        align="left",
        xanchor="left",
        yanchor="middle" if right else "bottom",
        xshift=6 if right else 0,
        font={"size": 12},
    )
