"""The forward pass as a diagram: x goes through W and through A and B, both are added up to h.

Every node is the heat map of a tensor. Shapes stand next to them; areas are not to scale.
"""

from __future__ import annotations

from collections.abc import Collection

import plotly.graph_objects as go

from lora_viz.figures.kit.base import Drawing, add_words
from lora_viz.figures.kit.colours import Meaning
from lora_viz.figures.kit.heat_maps import (
    LABEL_HEIGHT,
    Box,
    Named,
    Presence,
    add_arrow,
    add_heat_map,
    heat_map_drawing,
)
from lora_viz.forward.samples import ForwardPass, TensorName

FIGURE_HEIGHT, DORA_HEIGHT = 536, 64
STRIP = 22
LEFT, RIGHT, MIDDLE, COLUMN = 0.0, 0.54, 0.27, 0.46
SPLIT, SUM = 62, 408
H_TOP = 464

BOXES: dict[TensorName, Box] = {
    "x": Box(MIDDLE, 32, COLUMN, STRIP),
    "W": Box(LEFT, 110, COLUMN, 180),
    "A": Box(RIGHT, 110, COLUMN, STRIP),
    "temp": Box(RIGHT, 148, 0.12, STRIP),
    "B": Box(RIGHT, 186, 0.08, 56),
    "h_lora": Box(RIGHT, 292, COLUMN, STRIP),
    "h_base": Box(LEFT, 368, COLUMN, STRIP),
    "scaled": Box(RIGHT, 368, COLUMN, STRIP),
    "factor": Box(MIDDLE, H_TOP, COLUMN, 12),
    "h": Box(MIDDLE, H_TOP, COLUMN, STRIP),
}
MEANINGS: dict[TensorName, Meaning] = {"W": "frozen", "A": "A", "B": "B", "factor": "magnitude"}
SUMMED: tuple[TensorName, ...] = ("h_base", "scaled", "h")
LABELLED_RIGHT = ("temp", "B")
USED_IN: dict[str, Collection[TensorName]] = {
    "1": ("x", "W", "h_base"),
    "2": ("x", "A", "temp", "B", "h_lora", "scaled"),
    "3": ("h_base", "scaled", "factor", "h"),
    "all": tuple(BOXES),
}


def forward_figure(passed: ForwardPass, step: str, rows: int) -> go.Figure:
    """The diagram at one step ("1", "2", "3") or at "all", with this many rows of the batch.

    What a step uses or makes is in full colour, what came before it pale, what comes after it an
    empty frame. h and the two that it is the sum of share one range of colours.
    """
    has_factor = "factor" in passed.tensors
    drawing = heat_map_drawing(FIGURE_HEIGHT + (DORA_HEIGHT if has_factor else 0))
    _arrows(drawing, passed, has_factor)
    shared = max(passed.tensors[name].largest for name in SUMMED)
    for name, box in BOXES.items():
        if name in passed.tensors:
            add_heat_map(
                drawing,
                Named(_name(name, passed), MEANINGS.get(name, "activations"), passed.tensors[name]),
                _moved(name, box, has_factor),
                rows=None if name in ("W", "A", "B") else rows,
                scale=shared if name in SUMMED else None,
                centre=1.0 if name == "factor" else 0.0,
                presence=presence(name, step),
                label_right=name in LABELLED_RIGHT,
            )
    return drawing.figure()


def presence(name: TensorName, step: str) -> Presence:
    """Whether a tensor is in use at a step, was before, or is still to come."""
    if name in USED_IN[step]:
        return "now"
    earlier = (used for number, used in USED_IN.items() if number < step)
    return "done" if any(name in used for used in earlier) else "ahead"


def _name(name: TensorName, passed: ForwardPass) -> str:
    names: dict[TensorName, str] = {
        "W": "W ❄",
        "A": "A 🔥",
        "B": "B 🔥",
        "temp": "temp = A·x",
        "h_base": "h_base = W·x + b" if passed.has_bias else "h_base = W·x",
        "h_lora": "h_lora = B·(A·x)",
        "scaled": f"h_lora × {passed.scaling:.4g}",
        "factor": "m 🔥 / ‖W + ΔW‖",
    }
    return names.get(name, name)


def _moved(name: TensorName, box: Box, has_factor: bool) -> Box:
    """DoRA's factors stand above h, which makes room for them."""
    if name == "h" and has_factor:
        return Box(box.left, box.top + DORA_HEIGHT, box.width, box.height)
    return box


def _arrows(drawing: Drawing, passed: ForwardPass, has_factor: bool) -> None:
    x, w, a, b, temp = (BOXES[name] for name in ("x", "W", "A", "B", "temp"))
    h_lora, h_base, scaled, h = (BOXES[name] for name in ("h_lora", "h_base", "scaled", "h"))
    label = LABEL_HEIGHT
    for side in (w, a):
        middle = side.middle
        start = (x.middle, x.bottom)
        add_arrow(drawing, start, (x.middle, SPLIT), (middle, SPLIT), (middle, side.top - label))
    add_arrow(drawing, (w.middle, w.bottom), (h_base.middle, h_base.top - label))
    add_arrow(drawing, (temp.middle, a.bottom), (temp.middle, temp.top))
    add_arrow(drawing, (b.middle, temp.bottom), (b.middle, b.top))
    add_arrow(drawing, (b.middle, b.bottom), (b.middle, h_lora.top - label))
    add_arrow(drawing, (scaled.middle, h_lora.bottom), (scaled.middle, scaled.top - label))
    times = f"<b>× {passed.scaling:.4g}</b>"
    beside = (scaled.middle + 0.02, (h_lora.bottom + scaled.top - label) / 2)
    add_words(drawing, times, beside, size=12, number=True, anchor="left")
    gap = 0.035
    for side, end in ((h_base, x.middle - gap), (scaled, x.middle + gap)):
        add_arrow(drawing, (side.middle, side.bottom), (side.middle, SUM), (end, SUM))
    add_words(drawing, "<b>+</b>", (x.middle, SUM), size=20)
    add_arrow(drawing, (x.middle, SUM + 12), (x.middle, h.top - label))
    if has_factor:
        factor = BOXES["factor"]
        add_words(drawing, "<b>×</b>", (factor.left - 0.03, factor.half_way), size=16)
        add_arrow(
            drawing, (factor.middle, factor.bottom), (factor.middle, h.top + DORA_HEIGHT - label)
        )
