"""ΔW = B × A, the three matrices true to one scale, and the r columns of B under a magnifier.

Lengths are in magnifiers: one is as long as the circle is wide, about 160 pixels on a laptop.
"""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from lora_viz.figures.kit.base import Drawing, add_rectangle, add_words, make_true_to_scale
from lora_viz.figures.kit.colours import NEUTRAL, Meaning, colour
from lora_viz.figures.kit.matrices import add_magnifier, matrix_hover
from lora_viz.format import grouped
from lora_viz.i18n import _

FIGURE_HEIGHT, HEIGHT_ON_PHONE = 440, 250
WIDTH, HEIGHT = 4.0, 2.7
MARGIN = 0.05
TOP, MOST_HEIGHT = 0.28, 1.68
GAP = 0.2
CHARACTER = 0.07  # the room that one character of a shape needs, on a phone too
LONG_SHAPE = 12
MAGNIFIER_ROOM = 1.12
MAGNIFY_BELOW = 0.15
PIXEL = 1 / 160
NAME_ROOM = 0.5


@dataclass(frozen=True)
class DrawnMatrix:
    """One of the three matrices: how it is called and coloured, and its sides in values."""

    name: str
    meaning: Meaning
    rows: int
    columns: int

    @property
    def shape(self) -> str:
        """Its sides as they are written below it: "768 × 8"."""
        return f"{grouped(self.rows)} × {grouped(self.columns)}"

    def room(self, scale: float, least: float = 0.0) -> float:
        """The width that it needs together with the words below it."""
        return max(self.columns * scale, len(self.shape) * CHARACTER, least)


@dataclass(frozen=True)
class MatrixBox:
    """Where a matrix is drawn."""

    matrix: DrawnMatrix
    left: float
    top: float
    width: float
    height: float

    @property
    def middle(self) -> tuple[float, float]:
        """Its centre."""
        return self.left + self.width / 2, self.top + self.height / 2

    @property
    def bottom(self) -> float:
        """Where its lower side is."""
        return self.top + self.height


def decomposition_figure(
    in_features: int,
    out_features: int,
    rank: int,
    bytes_per_value: int,
    height: int = FIGURE_HEIGHT,
) -> go.Figure:
    """ΔW (out × in), B (out × r) and A (r × in); equal areas are equal numbers of parameters.

    `height` is in pixels; in one that is too low for the width, all are smaller.
    """
    boxes = lay_out(
        DrawnMatrix("ΔW", "update", out_features, in_features),
        DrawnMatrix("B", "B", out_features, rank),
        DrawnMatrix("A", "A", rank, in_features),
    )
    update, b, a = boxes
    drawing = _empty_picture(height)
    for box in boxes:
        _draw(drawing, box, bytes_per_value)
    _sign(drawing, "=", (update, b), update.middle[1])
    _sign(drawing, "×", (b, a), max(a.middle[1], TOP + 0.06))
    if is_magnified(boxes):
        _magnify(drawing, b, a)
    together = _("<b>%(count)s</b><br>in B and A") % {
        "count": grouped(b.matrix.rows * rank + a.matrix.columns * rank)
    }
    add_words(drawing, together, (a.middle[0], HEIGHT - 0.36), vertical="top")
    return drawing.figure()


def lay_out(
    update: DrawnMatrix, b: DrawnMatrix, a: DrawnMatrix
) -> tuple[MatrixBox, MatrixBox, MatrixBox]:
    """Place the matrices side by side at the largest scale at which they and their words fit."""
    scale = _largest_scale(update, b, a)
    rooms = _rooms(scale, update, b, a)
    boxes = []
    left = (WIDTH - sum(rooms) - 2 * GAP) / 2
    for matrix, room in zip((update, b, a), rooms, strict=True):
        width, height = matrix.columns * scale, matrix.rows * scale
        boxes.append(MatrixBox(matrix, left + (room - width) / 2, TOP, width, height))
        left += room + GAP
    return boxes[0], boxes[1], boxes[2]


def is_magnified(boxes: tuple[MatrixBox, MatrixBox, MatrixBox]) -> bool:
    """Whether B's columns are too thin to be seen without a magnifier."""
    return boxes[1].width < MAGNIFY_BELOW


def is_below_a_pixel(in_features: int, out_features: int, rank: int) -> bool:
    """Whether B and A would be too thin for a screen, so that they are drawn one pixel thick."""
    update = DrawnMatrix("ΔW", "update", out_features, in_features)
    b, a = DrawnMatrix("B", "B", out_features, rank), DrawnMatrix("A", "A", rank, in_features)
    return lay_out(update, b, a)[1].width < PIXEL


def _largest_scale(update: DrawnMatrix, b: DrawnMatrix, a: DrawnMatrix) -> float:
    """Halve the interval to the scale, in magnifiers a value, at which all rooms fill the width.

    Where words are too long to leave any, each matrix is given at least a sixth of the width.
    """
    high = MOST_HEIGHT / max(update.rows, a.rows)
    low = min(high, WIDTH / 6 / max(update.columns, b.columns))
    if _fits(high, update, b, a):
        return high
    for _step in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if _fits(middle, update, b, a) else (low, middle)
    return low


def _fits(scale: float, *matrices: DrawnMatrix) -> bool:
    return sum(_rooms(scale, *matrices)) + 2 * GAP <= WIDTH


def _rooms(scale: float, *matrices: DrawnMatrix) -> tuple[float, ...]:
    """The widths that ΔW, B and A need; the magnifier stands below A."""
    update, b, a = matrices
    return update.room(scale), b.room(scale), a.room(scale, MAGNIFIER_ROOM)


def _empty_picture(height: int) -> Drawing:
    drawing = Drawing(height)
    make_true_to_scale(drawing)
    drawing.update_layout(margin={"l": 0, "r": 0, "t": 0, "b": 0}, dragmode=False)
    drawing.update_xaxes(range=[-MARGIN, WIDTH + MARGIN], fixedrange=True)
    drawing.update_yaxes(range=[HEIGHT, 0], autorange=False, fixedrange=True, constrain="domain")
    return drawing


def _draw(drawing: Drawing, box: MatrixBox, bytes_per_value: int) -> None:
    matrix = box.matrix
    count = matrix.rows * matrix.columns
    hover = matrix_hover(matrix.name, (matrix.rows, matrix.columns), count * bytes_per_value)
    thinner = min(box.width, box.height)
    sides = (box.left, box.top, box.width, box.height)
    add_rectangle(drawing, matrix.meaning, sides, hover, edge=1 if thinner < PIXEL else 0)
    if thinner < MAGNIFY_BELOW:
        _make_easy_to_point_at(drawing, box, hover)
    _write_name(drawing, box)
    words = f"{matrix.shape}<br><b>{grouped(count)}</b>"
    below = (box.middle[0], box.bottom + 0.03)
    size = 11 if len(matrix.shape) <= LONG_SHAPE else 10
    add_words(drawing, words, below, size=size, number=True, vertical="top")


def _write_name(drawing: Drawing, box: MatrixBox) -> None:
    """Write a matrix's name above it, that of a large ΔW inside it."""
    name = f"<b>{box.matrix.name}</b>"
    if box.matrix.meaning == "update" and min(box.width, box.height) > NAME_ROOM:
        add_words(drawing, name, box.middle, size=30, colour="white")
    else:
        above = (box.middle[0], box.top - 0.04)
        ink = colour(box.matrix.meaning)
        add_words(drawing, name, above, size=18, colour=ink, vertical="bottom")


def _make_easy_to_point_at(drawing: Drawing, box: MatrixBox, hover: str) -> None:
    """Answer the pointer all along a strip that is too thin to be met."""
    shares = [step / 8 for step in range(9)]
    drawing.add_scatter(
        x=[box.left + box.width * share for share in shares],
        y=[box.top + box.height * share for share in shares],
        mode="markers",
        marker={"size": 20, "opacity": 0},
        text=hover,
        hoverinfo="text",
    )


def _sign(
    drawing: Drawing, sign: str, neighbours: tuple[MatrixBox, MatrixBox], height: float
) -> None:
    """Write a sign between two matrices, halfway between their rooms."""
    left, right = (max(box.width, len(box.matrix.shape) * CHARACTER) for box in neighbours)
    from_left = neighbours[0].middle[0] + left / 2
    from_right = neighbours[1].middle[0] - right / 2
    add_words(drawing, sign, ((from_left + from_right) / 2, height), size=26, colour=NEUTRAL)


def _magnify(drawing: Drawing, b: MatrixBox, a: MatrixBox) -> None:
    """Show B's columns enlarged below A."""
    centre = (a.middle[0], TOP + 1.1)
    times = add_magnifier(drawing, "B", b.matrix.columns, b.width, centre)
    if b.bottom > centre[1]:
        drawing.add_scatter(
            x=[b.left + b.width, centre[0] - 0.5],
            y=[centre[1], centre[1]],
            mode="lines",
            line={"width": 1, "dash": "dot", "color": NEUTRAL},
            hoverinfo="skip",
        )
    words = _("B, magnified %(times)s ×<br>columns: r = %(rank)s") % {
        "times": f"{times:,.3g}" if times < 100 else grouped(round(times)),
        "rank": grouped(b.matrix.columns),
    }
    add_words(drawing, words, (centre[0], centre[1] + 0.53), size=12, vertical="top")
