"""What every figure shares: fonts, a transparent ground, margins; and drawing true to scale."""

from __future__ import annotations

import plotly.graph_objects as go

from lora_viz.figures.colours import Meaning, colour

TEXT_FONT = "Pretendard, Noto Emoji, sans-serif"
NUMBER_FONT = "JetBrains Mono NL, Pretendard, monospace"


def new_figure(height: int) -> go.Figure:
    """An empty figure of a fixed height in pixels that takes the page's ground and ink."""
    figure = go.Figure()
    figure.update_layout(
        template="none",
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": TEXT_FONT, "size": 14},
        hoverlabel={"font": {"family": NUMBER_FONT}},
        showlegend=False,
    )
    return figure


def make_true_to_scale(figure: go.Figure) -> None:
    """Hide the axes and let one unit be as long to the right as it is downwards (y grows down)."""
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, autorange="reversed", scaleanchor="x", scaleratio=1)


def add_rectangle(
    figure: go.Figure,
    meaning: Meaning,
    box: tuple[float, float, float, float],
    hover: str,
    *,
    opacity: float = 1.0,
) -> None:
    """Draw one filled rectangle in data units.

    Args:
        box: left, top, width and height.
        hover: what a reader sees on pointing at it (HTML).
        opacity: 1 for what is there, less for what is only hinted at.
    """
    left, top, width, height = box
    right, bottom = left + width, top + height
    figure.add_trace(
        go.Scatter(
            x=[left, right, right, left, left],
            y=[top, top, bottom, bottom, top],
            fill="toself",
            mode="lines",
            line={"width": 0},
            fillcolor=colour(meaning),
            opacity=opacity,
            hoveron="fills",
            text=hover,
            hoverinfo="text",
        )
    )


def add_words(
    figure: go.Figure,
    words: str,
    position: tuple[float, float],
    *,
    size: int = 14,
    colour: str | None = None,
    number: bool = False,
    anchor: str = "center",
    vertical: str = "middle",
) -> None:
    """Write words (HTML) at a point in data units; without a colour in the page's ink."""
    figure.add_annotation(
        x=position[0],
        y=position[1],
        text=words,
        showarrow=False,
        xanchor=anchor,
        yanchor=vertical,
        font={"size": size, "color": colour, "family": NUMBER_FONT if number else TEXT_FONT},
    )
