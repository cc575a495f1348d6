"""One block of a model, layer by layer, with the layers lit that the target names match."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from lora_viz.figures.kit.bars import BarDrawing, Segment, pixel_axis
from lora_viz.figures.kit.colours import NEUTRAL, colour, translucent
from lora_viz.figures.kit.literal import as_plotly
from lora_viz.format import grouped

# pixels
NAME, BAR, ROW, PART_EDGE, BRACKET = 20, 11, 42, 5, 10
UNMATCHED_OPACITY = 0.3


@dataclass(frozen=True)
class BlockLayer:
    """One layer: where it belongs (`attn`), its own name (`c_proj`), W and what is trained of it.

    `only_short`: it is matched by the short name and not by the full one.
    """

    part: str
    name: str
    shape: str
    weight: Segment
    adapter: tuple[Segment, ...]
    only_short: bool

    @property
    def trained(self) -> int:
        """Parameters that are trained in it."""
        return sum(segment.parameters for segment in self.adapter)


def block_targets(layers: Sequence[BlockLayer]) -> go.Figure:
    """Draw a bar for every layer, true to scale: W and, at its end, what is trained.

    Layers of one part of the block stand behind one bracket.
    """
    parts = _parts(layers)
    height = len(layers) * ROW + len(parts) * 2 * PART_EDGE
    longest = max(layer.weight.parameters + layer.trained for layer in layers)
    widest = max(layer.trained for layer in layers)
    drawing = BarDrawing(height + 4, widest, l=BRACKET + 4, t=2, b=2)
    drawing.update_xaxes(range=[0, longest], visible=False, fixedrange=True)
    drawing.update_yaxes(**pixel_axis(height))
    top = 0
    for part_layers in parts:
        bottom = top + len(part_layers) * ROW + 2 * PART_EDGE
        _draw_bracket(drawing, top + PART_EDGE, bottom - PART_EDGE)
        for row, layer in enumerate(part_layers):
            _draw_layer(drawing, layer, top + PART_EDGE + row * ROW)
        top = bottom
    return drawing.figure()


def _parts(layers: Sequence[BlockLayer]) -> list[list[BlockLayer]]:
    parts: list[list[BlockLayer]] = []
    for layer in layers:
        if parts and parts[-1][0].part == layer.part:
            parts[-1].append(layer)
        else:
            parts.append([layer])
    return parts


def _draw_bracket(drawing: BarDrawing, top: int, bottom: int) -> None:
    drawing.add_shape(
        type="line",
        xref="paper",
        xsizemode="pixel",
        xanchor=0,
        x0=-BRACKET,
        x1=-BRACKET,
        y0=top,
        y1=bottom,
        line={"width": 2, "color": NEUTRAL},
    )


def _draw_layer(drawing: BarDrawing, layer: BlockLayer, top: float) -> None:
    lit = bool(layer.adapter)
    if layer.only_short:
        _draw_highlight(drawing, top)
    drawing.write_heading(_heading(layer, lit), top + NAME / 2 + 2, "")
    middle = top + NAME + BAR / 2 + 3
    opacity = 1.0 if lit else UNMATCHED_OPACITY
    drawing.add_segments((layer.weight, *layer.adapter), "", middle, BAR, opacity=opacity)
    drawing.write_number(grouped(layer.trained), middle, "")


def _heading(layer: BlockLayer, lit: bool) -> str:
    part = as_plotly(f"{layer.part}." if layer.part else "")
    name = f"<b>{as_plotly(layer.name)}</b>"
    if lit:
        return f'🔥 {part}<span style="color:{colour("B")}">{name}</span>  {layer.shape}'
    return f"❄ {part}{name}  {layer.shape}"


def _draw_highlight(drawing: BarDrawing, top: float) -> None:
    drawing.add_shape(
        type="rect",
        xref="paper",
        x0=0,
        x1=1,
        y0=top,
        y1=top + ROW,
        fillcolor=translucent("B", 0.14),
        line={"width": 0},
        layer="below",
    )
