"""The idea of LoRA as one picture: a frozen W, and next to it the thin A and B that are trained.

When the page opens, W with its path from x to h stands there; then the second path comes in, in the
order in which data goes: an arrow, A, an arrow, B, an arrow.
"""

from __future__ import annotations

from dataclasses import dataclass

from lora_viz.figures.kit.colours import INK, colour
from lora_viz.figures.kit.fonts import SIGN_FONT, TEXT_FONT
from lora_viz.figures.kit.svg import (
    Box,
    Point,
    SvgDrawing,
    arrow,
    coming,
    described,
    framed,
    number_width,
    rectangle,
    text,
)
from lora_viz.format import grouped

# pixels
ABOVE, BETWEEN, BELOW = 30, 64, 34
BEFORE, GAP, AFTER = 66, 44, 140
HIGHEST = 340

# milliseconds before each part of the second path comes in
TO_A, A_GROWS, TO_B, B_GROWS, TO_H = 300, 700, 1_200, 1_600, 2_200

STYLE = f"""
text {{ fill: var(--st-text-color, {INK["light"]}); font-family: {SIGN_FONT}; font-size: 13px; }}
.name {{ font-weight: 700; }}
.vector {{ font-family: {TEXT_FONT}; font-size: 21px; font-weight: 700; }}
.frozen {{ fill: {colour("frozen")}; }}
.A {{ fill: {colour("A")}; }}
.B {{ fill: {colour("B")}; }}
.flow {{ stroke: var(--st-gray-color, {colour("activations")}); stroke-width: 1.6; }}
.flow-head {{ fill: var(--st-gray-color, {colour("activations")}); }}
"""


@dataclass(frozen=True)
class _Layer:
    """A layer's sizes, and how many pixels one value of W is wide and high."""

    in_features: int
    out_features: int
    rank: int
    pixels: float

    @property
    def width(self) -> float:
        return self.in_features * self.pixels

    @property
    def height(self) -> float:
        return self.out_features * self.pixels

    @property
    def thickness(self) -> float:
        return self.rank * self.pixels


def lora_idea(
    in_features: int, out_features: int, rank: int, scale: float, width: int
) -> SvgDrawing:
    """Draw x → W → h with the second path x → A → B → × alpha/r, all rectangles to one scale.

    W is drawn in wide and out high, A in wide and r high, B r wide and out high.

    Args:
        width: of the drawing, in pixels.
    """
    room = width - BEFORE - GAP - AFTER
    most = HIGHEST - ABOVE - BETWEEN - BELOW
    pixels = min(room / (in_features + rank), most / (2 * out_features + rank / 2))
    layer = _Layer(in_features, out_features, rank, pixels)
    left = BEFORE + (room - layer.width - layer.thickness) / 2
    path = ABOVE + layer.height + BETWEEN
    height = path + max(layer.height, layer.thickness / 2) + BELOW
    drawn = _matrices(layer, left, path) + _flow(layer, left, path, f"× {scale:.3g}")
    return framed(drawn, STYLE, (width, height))


def _matrices(layer: _Layer, left: float, path: float) -> str:
    middle = left + layer.width / 2
    b_left = left + layer.width + GAP
    a_top = path - layer.thickness / 2
    a = _matrix("A", "A", layer, (left, a_top, layer.width, layer.thickness))
    b = _matrix("B", "B", layer, (b_left, path, layer.thickness, layer.height))
    a_name = _name(
        f"🔥 A  {layer.rank} × {layer.in_features}", middle, a_top + layer.thickness + 20
    )
    b_name = f"🔥 B  {layer.out_features} × {layer.rank}"
    below = (b_left - 10, path + layer.height + 20)
    return "".join(
        (
            _matrix("frozen", "W", layer, (left, ABOVE, layer.width, layer.height)),
            _name(f"❄ W  {layer.out_features} × {layer.in_features}", middle, ABOVE - 10),
            coming(a, A_GROWS, "scaleX(0)", (left, path)),
            coming(a_name, A_GROWS, "none", (left, path)),
            coming(b, B_GROWS, "scaleY(0)", (b_left, path)),
            coming(text(b_name, *below, "name"), B_GROWS, "none", below),
        )
    )


def _name(words: str, middle: float, baseline: float) -> str:
    """Words in the middle above or below a matrix, but never beyond the left edge."""
    left = max(2, middle - number_width(words, 13) / 2)
    return text(words, left, baseline, "name")


def _matrix(style: str, name: str, layer: _Layer, box: Box) -> str:
    shapes = {
        "W": (layer.out_features, layer.in_features),
        "A": (layer.rank, layer.in_features),
        "B": (layer.out_features, layer.rank),
    }
    rows, columns = shapes[name]
    words = f"{name} {rows} × {columns} = {grouped(rows * columns)}"
    return described(rectangle(box, style, radius=0), words)


def _flow(layer: _Layer, left: float, path: float, scale: str) -> str:
    """The arrows from x to h on both paths, and where they meet."""
    middle = ABOVE + layer.height / 2
    right = left + layer.width
    b_right = right + GAP + layer.thickness
    by_b = (b_right + 10, path + 18)
    x, plus, h = left - 52, b_right + 62, b_right + 118
    return "".join(
        (
            text("x", x, middle + 7, "vector", anchor="middle"),
            arrow((x + 12, middle), (left - 4, middle)),
            _late(TO_A, (x + 10, middle + 12), (left - 4, path)),
            arrow((right + 4, middle), (plus - 12, middle)),
            _late(TO_B, (right + 4, path), (b_right - layer.thickness - 4, path)),
            coming(text(scale, *by_b, "scale"), TO_H, "none", by_b),
            _late(TO_H, (b_right + 8, path - 4), (plus - 4, middle + 14)),
            text("+", plus, middle + 8, "vector", anchor="middle"),
            arrow((plus + 12, middle), (h - 12, middle)),
            text("h", h, middle + 7, "vector", anchor="middle"),
        )
    )


def _late(after_ms: int, start: Point, end: Point) -> str:
    """An arrow that grows from its start."""
    return coming(arrow(start, end), after_ms, "scale(0)", start)
