"""The parts that pictures of one layer are drawn from: matrices to scale, arrows, a magnifier.

Lengths are in boxes. A box is as long as W's longer side and the rank together, so that W, or A
above and B to the left of an outline of W, always fit into one.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot, prod

from lora_viz.figures.kit.base import Drawing, add_rectangle, add_words
from lora_viz.figures.kit.colours import NEUTRAL, Meaning, translucent
from lora_viz.format import grouped, size
from lora_viz.i18n import _

Point = tuple[float, float]
HAIRLINE = 0.03
SEPARATE_COLUMNS = 24


@dataclass(frozen=True)
class LayerShape:
    """The sizes of one layer and of its adapter, and their lengths in boxes."""

    in_features: int
    out_features: int
    rank: int

    def length(self, values: int) -> float:
        """The length of a side of this many values."""
        return values / (max(self.in_features, self.out_features) + self.rank)

    @property
    def width(self) -> float:
        """The length of W's and A's side of `in_features` values."""
        return self.length(self.in_features)

    @property
    def height(self) -> float:
        """The length of W's and B's side of `out_features` values."""
        return self.length(self.out_features)

    @property
    def thickness(self) -> float:
        """The length of A's and B's side of `rank` values."""
        return self.length(self.rank)


def add_matrix(
    drawing: Drawing, meaning: Meaning, corner: Point, sides: tuple[float, float], hover: str
) -> None:
    """Draw a matrix from its upper left corner; what is thinner than a pixel gets a line of one."""
    edge = 1 if min(sides) < HAIRLINE else 0
    add_rectangle(drawing, meaning, (*corner, *sides), hover, edge=edge)


def matrix_hover(name: str, sizes: tuple[int, ...], number_of_bytes: int) -> str:
    """What a reader sees on pointing at a matrix: its name, sizes, values and exact bytes."""
    values = _("%(number)s values") % {"number": grouped(prod(sizes))}
    exact = f"{size(number_of_bytes)} = {grouped(number_of_bytes)} B"
    return f"<b>{name}</b><br>{by(sizes)}<br>{values}<br>{exact}"


def by(sizes: tuple[int, ...]) -> str:
    """(8, 768) → "8×768"."""
    return "×".join(str(length) for length in sizes)


def add_label(drawing: Drawing, lines: tuple[str, ...], left_middle: Point) -> None:
    """Write a name in bold and numbers below it, to the right of a point."""
    name, *numbers = lines
    small = "".join(
        f"<br><span style='font-size:11px;font-family:JetBrains Mono NL, monospace'>{line}</span>"
        for line in numbers
    )
    drawing.add_annotation(
        x=left_middle[0],
        y=left_middle[1],
        text=f"<b>{name}</b>{small}",
        showarrow=False,
        xanchor="left",
        yanchor="middle",
        align="left",
        font={"size": 13},
    )


def add_path(drawing: Drawing, *points: Point, arrow: bool = True) -> None:
    """Draw the way of the data through these points, at its end an arrow unless told not to."""
    drawing.add_scatter(
        x=[x for x, _y in points],
        y=[y for _x, y in points],
        mode="lines",
        line={"width": 1.5, "color": NEUTRAL},
        hoverinfo="skip",
    )
    if arrow:
        (from_x, from_y), (to_x, to_y) = points[-2:]
        reach = 0.1 / hypot(to_x - from_x, to_y - from_y)
        drawing.add_annotation(
            x=to_x,
            y=to_y,
            ax=to_x - (to_x - from_x) * reach,
            ay=to_y - (to_y - from_y) * reach,
            axref="x",
            ayref="y",
            text="",
            arrowhead=2,
            arrowwidth=1.5,
            arrowcolor=NEUTRAL,
        )


def add_outline(drawing: Drawing, meaning: Meaning, corner: Point, sides: Point) -> None:
    """Draw a dotted outline of something that is not there."""
    drawing.add_shape(
        type="rect",
        x0=corner[0],
        y0=corner[1],
        x1=corner[0] + sides[0],
        y1=corner[1] + sides[1],
        line={"width": 1, "dash": "dot", "color": translucent(meaning, 0.6)},
    )


def add_magnifier(
    drawing: Drawing, meaning: Meaning, columns: int, thickness: float, centre: Point
) -> float:
    """Show a strip of this many columns, `thickness` long, enlarged in a circle of radius ½.

    Returns:
        How many times it is enlarged. More than `SEPARATE_COLUMNS` are drawn as one area.
    """
    x, y = centre
    drawing.add_shape(
        type="circle",
        x0=x - 0.5,
        y0=y - 0.5,
        x1=x + 0.5,
        y1=y + 0.5,
        line={"width": 1.5, "color": NEUTRAL},
    )
    shown_width, shown_height = 0.7, 0.5
    drawn = columns if columns <= SEPARATE_COLUMNS else 1
    pitch = shown_width / drawn
    gap = 0.15 * pitch if drawn > 1 else 0
    magnification = shown_width / thickness
    hover = _("%(columns)s columns, %(times)s times enlarged") % {
        "columns": grouped(columns),
        "times": f"{magnification:,.1f}",
    }
    for index in range(drawn):
        left = x - shown_width / 2 + index * pitch + gap / 2
        add_rectangle(
            drawing,
            meaning,
            (left, y - shown_height / 2, pitch - gap, shown_height),
            hover,
        )
    return magnification


def add_sum_sign(drawing: Drawing, centre: Point) -> None:
    """Draw the plus at which two paths are added up."""
    add_words(drawing, "<b>+</b>", centre, size=20)
