"""What every figure shares: fonts, a transparent ground, margins; and drawing true to scale."""

from __future__ import annotations

from typing import Any

# Plotly looks at a pandas that another thread is still importing as if it were whole, and fails:
# so it is there before any figure is.
import pandas  # noqa: F401
import plotly.graph_objects as go

from lora_viz.figures.kit.colours import Meaning, colour
from lora_viz.figures.kit.fonts import NUMBER_FONT, TEXT_FONT

Figure = go.Figure  # for pages, which import no library
# Checking every property takes 40 % of the time that a script with charts runs. Tests switch it on.
PLOTLY_CHECKS = False


class Drawing:
    """Traces, annotations and shapes on their way to one figure of a fixed height in pixels.

    They are collected as plain dicts, in Plotly's words, because Plotly checks the whole figure
    again for each one that is added to it. The figure takes the page's ground and ink.
    """

    def __init__(self, height: int) -> None:
        self.traces: list[dict[str, Any]] = []
        self.annotations: list[dict[str, Any]] = []
        self.shapes: list[dict[str, Any]] = []
        self.frames: list[dict[str, Any]] = []
        self.layout: dict[str, Any] = {
            "template": "none",
            "height": height,
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": TEXT_FONT, "size": 14},
            "hoverlabel": {"font": {"family": NUMBER_FONT}},
            "showlegend": False,
        }

    def add_scatter(self, **properties: Any) -> None:
        """Add lines, markers or a filled outline."""
        self.traces.append({"type": "scatter", **properties})

    def add_bar(self, **properties: Any) -> None:
        """Add bars."""
        self.traces.append({"type": "bar", **properties})

    def add_heatmap(self, **properties: Any) -> None:
        """Add a matrix of coloured cells."""
        self.traces.append({"type": "heatmap", **properties})

    def add_annotation(self, **properties: Any) -> None:
        """Add words or an arrow."""
        self.annotations.append(properties)

    def add_shape(self, **properties: Any) -> None:
        """Add a line, a rectangle or a path."""
        self.shapes.append(properties)

    def add_frame(self, name: str, traces: dict[int, dict[str, Any]]) -> None:
        """Add a moment of an animation: by the index of a trace, what of it is different."""
        changes = [{"type": self.traces[index]["type"], **new} for index, new in traces.items()]
        self.frames.append({"name": name, "data": changes, "traces": [*traces]})

    def update_layout(self, **properties: Any) -> None:
        """Set properties of the layout; those that are dicts keep what is not set."""
        for name, value in properties.items():
            kept = self.layout.get(name)
            if isinstance(kept, dict) and isinstance(value, dict):
                value = {**kept, **value}
            self.layout[name] = value

    def update_xaxes(self, **properties: Any) -> None:
        """Set properties of the x axis."""
        self.update_layout(xaxis=properties)

    def update_yaxes(self, **properties: Any) -> None:
        """Set properties of the y axis."""
        self.update_layout(yaxis=properties)

    def figure(self) -> go.Figure:
        """The finished figure. Raises `ValueError` for what Plotly does not know, if it checks."""
        layout = {**self.layout, "annotations": self.annotations, "shapes": self.shapes}
        parts = {"data": self.traces, "layout": layout, "frames": self.frames}
        return go.Figure(parts, _validate=PLOTLY_CHECKS)


def make_true_to_scale(drawing: Drawing) -> None:
    """Hide the axes and let one unit be as long to the right as it is downwards (y grows down)."""
    drawing.update_xaxes(visible=False, constrain="domain")
    drawing.update_yaxes(visible=False, autorange="reversed", scaleanchor="x", scaleratio=1)


def add_rectangle(
    drawing: Drawing,
    meaning: Meaning,
    box: tuple[float, float, float, float],
    hover: str,
    *,
    opacity: float = 1.0,
    edge: int = 0,
) -> None:
    """Draw one filled rectangle in data units.

    Args:
        box: left, top, width and height.
        hover: what a reader sees on pointing at it (HTML).
        opacity: 1 for what is there, less for what is only hinted at.
        edge: the width in pixels of a line around it, by which one that is too thin is seen.
    """
    left, top, width, height = box
    right, bottom = left + width, top + height
    drawing.add_scatter(
        x=[left, right, right, left, left],
        y=[top, top, bottom, bottom, top],
        fill="toself",
        mode="lines",
        line={"width": edge, "color": colour(meaning)} if edge else {"width": 0},
        fillcolor=colour(meaning),
        opacity=opacity,
        hoveron="fills",
        text=hover,
        hoverinfo="text",
    )


def add_words(
    drawing: Drawing,
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
    drawing.add_annotation(
        x=position[0],
        y=position[1],
        text=words,
        showarrow=False,
        xanchor=anchor,
        yanchor=vertical,
        font={"size": size, "color": colour, "family": NUMBER_FONT if number else TEXT_FONT},
    )
