"""One layer trained both ways, drawn true to scale; both pictures use the same box.

On the left of each is the way of the data from x to h, as far as the layer goes; on the right is
what training keeps for each trained value: its gradient and the optimizer's moments.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import plotly.graph_objects as go

from lora_viz.adapter.layout import TensorRole
from lora_viz.costs.one_layer import LayerState
from lora_viz.figures.kit.base import Drawing, add_words, make_true_to_scale
from lora_viz.figures.kit.colours import Meaning
from lora_viz.figures.kit.matrices import (
    LayerShape,
    Point,
    add_label,
    add_magnifier,
    add_matrix,
    add_outline,
    add_path,
    add_sum_sign,
    by,
    matrix_hover,
)
from lora_viz.format import size
from lora_viz.i18n import _

# Pixels, then boxes. One box is about 69 pixels long, a line of words a fifth of that.
FIGURE_HEIGHT = 312
BOXES_WIDE, BOXES_HIGH = 3.72, 4.5
WEIGHT_LEFT, ADAPTER_LINE, KEPT_LEFT = 0.05, 1.38, 2.68
INPUT, SPLIT, TOP, GAP = 0.1, 0.36, 0.62, 0.5
SUM, MAGNITUDE, OUTPUT = 2.66, 2.9, 3.2
KEPT_TOP, KEPT_PITCH = 0.47, 1.5
MAGNIFIER: Point = (0.57, 3.93)
MAGNIFY_BELOW = 0.2


class ScalingFactor(NamedTuple):
    """What B·A's output is multiplied by: what it is called, and its value."""

    name: str
    value: float


def full_figure(shape: LayerShape, state: LayerState) -> go.Figure:
    """x → W → h with W trained, and next to it W's gradient and moments, each as large as W."""
    drawing = _empty_picture()
    sizes, sides = (shape.out_features, shape.in_features), (shape.width, shape.height)
    middle, bottom = WEIGHT_LEFT + shape.width / 2, TOP + shape.height
    _input(drawing, shape, middle)
    add_path(drawing, (middle, INPUT + 0.12), (middle, TOP))
    add_matrix(
        drawing,
        "update",
        (WEIGHT_LEFT, TOP),
        sides,
        matrix_hover(_("W, trained"), sizes, state.weight_bytes),
    )
    add_label(
        drawing,
        ("W → W′ 🔥", by(sizes), size(state.weight_bytes)),
        (WEIGHT_LEFT + shape.width + 0.1, TOP + 0.3),
    )
    add_path(drawing, (middle, bottom), (middle, OUTPUT - 0.12))
    _output(drawing, shape, middle)
    for meaning, name, corner in _kept_parts(drawing, state):
        add_matrix(drawing, meaning, corner, sides, matrix_hover(name, sizes, state.weight_bytes))
    return drawing.figure()


def lora_figure(shape: LayerShape, state: LayerState, factor: ScalingFactor) -> go.Figure:
    """x → W → h and x → A → B → × factor → +, and next to it what training keeps for A and B."""
    drawing = _empty_picture()
    _paths(drawing, shape, factor)
    _frozen_weight(drawing, shape, state)
    _adapter(drawing, shape, state)
    if "magnitude" in state.trained:
        _magnitude(drawing, shape, state)
    if shape.thickness < MAGNIFY_BELOW:
        _enlarged_strip(drawing, shape)
    for meaning, name, corner in _kept_parts(drawing, state):
        _kept_for_adapter(drawing, shape, state, meaning, name, corner)
    return drawing.figure()


def _empty_picture() -> Drawing:
    drawing = Drawing(FIGURE_HEIGHT)
    make_true_to_scale(drawing)
    drawing.update_layout(margin={"l": 0, "r": 0, "t": 0, "b": 0}, dragmode=False)
    drawing.update_xaxes(range=[0, BOXES_WIDE], fixedrange=True)
    drawing.update_yaxes(
        range=[BOXES_HIGH, 0],
        autorange=False,
        fixedrange=True,
        constrain="domain",
        constraintoward="top",
    )
    return drawing


def _input(drawing: Drawing, shape: LayerShape, middle: float) -> None:
    add_words(drawing, "<b>x</b>", (middle, INPUT))
    add_words(drawing, str(shape.in_features), (middle + 0.1, INPUT), size=11, anchor="left")


def _output(drawing: Drawing, shape: LayerShape, middle: float) -> None:
    add_words(drawing, "<b>h</b>", (middle, OUTPUT))
    add_words(drawing, str(shape.out_features), (middle + 0.1, OUTPUT), size=11, anchor="left")


def _kept_parts(drawing: Drawing, state: LayerState) -> Iterator[tuple[Meaning, str, Point]]:
    """Write the name and bytes of the gradient and each moment; yield where to draw it."""
    parts: list[tuple[Meaning, str]] = [("gradient", _("Gradient"))]
    if state.moments:
        parts.extend((("optimizer", _("Moment m")), ("optimizer", _("Moment v"))))
    else:
        no_moments = _("SGD keeps<br>no moments")
        add_words(drawing, no_moments, (KEPT_LEFT, KEPT_TOP + KEPT_PITCH), size=12, anchor="left")
    for row, (meaning, name) in enumerate(parts):
        top = KEPT_TOP + row * KEPT_PITCH
        add_label(drawing, (name, size(state.weight_bytes)), (KEPT_LEFT - 0.03, top - 0.25))
        yield meaning, name, (KEPT_LEFT, top)


def _kept_for_adapter(
    drawing: Drawing,
    shape: LayerShape,
    state: LayerState,
    meaning: Meaning,
    name: str,
    corner: Point,
) -> None:
    """A's part above and B's part to the left of an outline of what W would need."""
    left, top = corner
    right, below = left + shape.thickness, top + shape.thickness
    add_outline(drawing, meaning, (right, below), (shape.width, shape.height))
    corners: dict[TensorRole, Point] = {
        "A": (right, top),
        "B": (left, below),
        "magnitude": (left - 0.06, below),
    }
    for role in state.trained:
        _strip(drawing, role, meaning, corners[role], shape, state, name)


def _strip(
    drawing: Drawing,
    role: TensorRole,
    meaning: Meaning,
    corner: Point,
    shape: LayerShape,
    state: LayerState,
    name: str = "",
) -> None:
    """Draw A (r × in), B (out × r) or the magnitudes (out), or what training keeps for it."""
    sizes, sides = {
        "A": ((shape.rank, shape.in_features), (shape.width, shape.thickness)),
        "B": ((shape.out_features, shape.rank), (shape.thickness, shape.height)),
        "magnitude": ((shape.out_features,), (shape.length(1), shape.height)),
    }[role]
    title = {"A": "A", "B": "B", "magnitude": _("magnitude")}[role]
    hover = matrix_hover(
        f"{title}: {name}" if name else title, sizes, state.bytes_of(state.trained[role])
    )
    add_matrix(drawing, meaning, corner, sides, hover)


def _weight_line(shape: LayerShape) -> float:
    return WEIGHT_LEFT + min(shape.width / 2, 0.1)


def _paths(drawing: Drawing, shape: LayerShape, factor: ScalingFactor) -> None:
    """x splits to W and to A and B; what comes out of both is added up to h."""
    left, right = _weight_line(shape), ADAPTER_LINE
    middle = (left + right) / 2
    below_a = TOP + shape.thickness
    below_b = below_a + GAP + shape.height
    _input(drawing, shape, middle)
    add_path(drawing, (middle, INPUT + 0.12), (middle, SPLIT), arrow=False)
    add_path(drawing, (middle, SPLIT), (left, SPLIT), (left, TOP))
    add_path(drawing, (middle, SPLIT), (right, SPLIT), (right, TOP))
    add_path(drawing, (right, below_a), (right, below_a + GAP))
    add_path(drawing, (left, TOP + shape.height), (left, SUM), (middle - 0.1, SUM))
    add_path(drawing, (right, below_b), (right, SUM), (middle + 0.1, SUM))
    scaled = (f"× {factor.name}", f"= {factor.value:.3g}")
    add_label(drawing, scaled, (right + 0.08, SUM - 0.22))
    add_sum_sign(drawing, (middle, SUM))
    add_path(drawing, (middle, SUM + 0.12), (middle, OUTPUT - 0.12))
    _output(drawing, shape, middle)


def _frozen_weight(drawing: Drawing, shape: LayerShape, state: LayerState) -> None:
    sizes = (shape.out_features, shape.in_features)
    add_matrix(
        drawing,
        "frozen",
        (WEIGHT_LEFT, TOP),
        (shape.width, shape.height),
        matrix_hover(_("W, frozen"), sizes, state.frozen_bytes),
    )
    add_label(
        drawing,
        ("W ❄", by(sizes), size(state.frozen_bytes)),
        (_weight_line(shape) + 0.06, TOP + shape.height + 0.36),
    )


def _adapter(drawing: Drawing, shape: LayerShape, state: LayerState) -> None:
    below_a = TOP + shape.thickness
    left = ADAPTER_LINE - min(shape.thickness, shape.width) / 2
    _strip(drawing, "A", "A", (left, TOP), shape, state)
    of_a = ("A 🔥", by((shape.rank, shape.in_features)))
    add_label(drawing, of_a, (ADAPTER_LINE + 0.1, below_a + GAP / 2))
    left = ADAPTER_LINE - shape.thickness / 2
    _strip(drawing, "B", "B", (left, below_a + GAP), shape, state)
    of_b = ("B 🔥", by((shape.out_features, shape.rank)))
    middle = below_a + GAP + max(shape.height / 2, GAP / 2)
    add_label(drawing, of_b, (left + shape.thickness + 0.08, middle))


def _magnitude(drawing: Drawing, shape: LayerShape, state: LayerState) -> None:
    """DoRA's magnitudes, which scale each output, across the way from the sum to h."""
    middle = (_weight_line(shape) + ADAPTER_LINE) / 2
    add_matrix(
        drawing,
        "magnitude",
        (middle - shape.height / 2, MAGNITUDE),
        (shape.height, shape.length(1)),
        matrix_hover(
            _("magnitude"), (shape.out_features,), state.bytes_of(state.trained["magnitude"])
        ),
    )
    of_magnitude = (_("magnitude") + " 🔥", by((shape.out_features,)))
    add_label(drawing, of_magnitude, (middle + 0.52, MAGNITUDE - 0.02))


def _enlarged_strip(drawing: Drawing, shape: LayerShape) -> None:
    times = add_magnifier(drawing, "B", shape.rank, shape.thickness, MAGNIFIER)
    add_label(
        drawing,
        (_("B, magnified"), f"{times:,.1f} ×", f"r = {shape.rank}"),
        (MAGNIFIER[0] + 0.6, MAGNIFIER[1]),
    )
