"""What a figure takes from the page that it stands on: ink, ground, axes, hover labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from lora_viz.figures.kit.colours import AXIS_GRID, AXIS_WORDS, BORDER, GROUND, INK, diverging_scale
from lora_viz.figures.kit.heat_maps import SCALES

if TYPE_CHECKING:  # a page without charts is drawn without Plotly, whose import takes a while
    import plotly.graph_objects as go

# pixels
SMALL, MEDIUM = 12, 14
FROM_AXIS = {"x": 20, "y": 24}
MARGIN_PAD = 8


def reader_theme() -> str:
    """The theme that the reader sees the page in: light or dark."""
    return st.context.theme.type or "light"


def in_ink(drawing: go.Figure, theme: str) -> go.Figure:
    """The same figure in a theme's text and ground; one that is in them already stays untouched.

    One that is remembered for several readers is remembered in each ink: it is not to change while
    another of them draws it.
    """
    for place, colour in (
        ("layout.font.color", INK[theme]),
        ("layout.paper_bgcolor", GROUND[theme]),
    ):
        if drawing[place] != colour:
            drawing[place] = colour
    scale = tuple(map(tuple, diverging_scale(theme)))
    for name in SCALES:
        place = f"layout.colorscale.{name}"
        if drawing[place] and drawing[place] != scale:
            drawing[place] = scale
    return drawing


def template(theme: str) -> dict[str, Any]:
    """Plotly's template for a theme: what a figure leaves open, as in Streamlit's own charts."""
    words, grid = AXIS_WORDS[theme], AXIS_GRID[theme]
    axis = {
        "zerolinecolor": grid,
        "gridcolor": grid,
        "tickcolor": grid,
        "tickfont": {"color": words, "size": SMALL},
        "minor": {"gridcolor": grid},
        "automargin": True,
    }
    title = {"color": words, "size": MEDIUM}
    layout = {
        "font": {"color": words, "size": SMALL, "weight": 400},
        "paper_bgcolor": GROUND[theme],
        "plot_bgcolor": GROUND[theme],
        "xaxis": axis
        | {"showgrid": False, "zeroline": False}
        | {"title": {"font": title, "standoff": FROM_AXIS["x"]}},
        "yaxis": axis
        | {"ticklabelposition": "outside"}
        | {"title": {"font": title, "standoff": FROM_AXIS["y"]}},
        "legend": {
            "valign": "top",
            "font": {"size": SMALL, "color": INK[theme]},
        },
        "margin": {"pad": MARGIN_PAD, "r": 0, "l": 0},
        "hoverlabel": {
            "bgcolor": GROUND[theme],
            "bordercolor": BORDER[theme],
            "font": {"color": words, "size": SMALL},
        },
    }
    return {"layout": layout}
