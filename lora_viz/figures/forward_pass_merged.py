"""The merged weight: W and ΔW added up to W′, and W′·x next to the output of three steps."""

from __future__ import annotations

import plotly.graph_objects as go

from lora_viz.figures.kit.base import Drawing, add_words
from lora_viz.figures.kit.colours import Meaning
from lora_viz.figures.kit.heat_maps import (
    LABEL_HEIGHT,
    Box,
    Named,
    add_arrow,
    add_heat_map,
    heat_map_drawing,
)
from lora_viz.format import grouped
from lora_viz.forward.samples import ForwardPass, TensorName, multiplications
from lora_viz.i18n import _

FIGURE_HEIGHT = 506
TOP, SQUARE, WIDTH, STRIP = 46, 150, 0.28, 26

WEIGHTS: dict[TensorName, tuple[Meaning, Box]] = {
    "W": ("frozen", Box(0.0, TOP, WIDTH, SQUARE)),
    "update": ("update", Box(0.36, TOP, WIDTH, SQUARE)),
    "merged": ("frozen", Box(0.72, TOP, WIDTH, SQUARE)),
}
ROWS: dict[TensorName, Box] = {
    "x": Box(0.0, 262, 0.4, STRIP),
    "h_merged": Box(0.54, 262, 0.46, STRIP),
    "h": Box(0.54, 342, 0.46, STRIP),
    "difference": Box(0.54, 422, 0.46, STRIP),
}


def merged_figure(passed: ForwardPass, rows: int) -> go.Figure:
    """The merge, and the outputs before and after it with this many rows of the batch.

    The weights share one range of colours; both outputs and their difference share another, so that
    a difference looks as small as it is.
    """
    drawing = heat_map_drawing(FIGURE_HEIGHT)
    weights = max(passed.tensors[name].largest for name in WEIGHTS)
    outputs = max(passed.tensors["h"].largest, passed.tensors["h_merged"].largest)
    scales: dict[TensorName, float] = dict.fromkeys(("h", "h_merged", "difference"), outputs)
    _signs(drawing, "factor" in passed.tensors)
    for name, (meaning, box) in WEIGHTS.items():
        named = Named(_names(passed)[name], meaning, passed.tensors[name])
        add_heat_map(drawing, named, box, scale=weights, narrow=True)
    for name, box in ROWS.items():
        named = Named(_names(passed)[name], "activations", passed.tensors[name])
        add_heat_map(drawing, named, box, rows=rows, scale=scales.get(name))
    _costs(drawing, passed)
    return drawing.figure()


def _costs(drawing: Drawing, passed: ForwardPass) -> None:
    """How many multiplications each way takes, in the room below x."""
    (batch, in_features), rank = passed.tensors["x"].shape, passed.tensors["A"].shape[0]
    dora = "factor" in passed.tensors
    cost = multiplications(batch, in_features, passed.tensors["W"].shape[0], rank, dora)
    lines = (
        (cost.base, _("multiplications with W′"), 312),
        (cost.base + cost.adapter, _("in three steps"), 362),
    )
    for count, words, top in lines:
        add_words(
            drawing, f"<b>{grouped(count)}</b>", (0, top), size=13, number=True, anchor="left"
        )
        add_words(drawing, words, (0, top + 18), size=12, anchor="left")


def _names(passed: ForwardPass) -> dict[TensorName, str]:
    return {
        "x": "x",
        "W": "W ❄",
        "update": f"ΔW = {passed.scaling:.4g}·B·A",
        "merged": "W′",
        "h_merged": "W′·x + b" if passed.has_bias else "W′·x",
        "h": _("h, in three steps"),
        "difference": _("difference"),
    }


def _signs(drawing: Drawing, has_factor: bool) -> None:
    w, update, merged = (box for _meaning, box in WEIGHTS.values())
    add_words(drawing, "<b>+</b>", ((w.right + update.left) / 2, w.half_way), size=20)
    # with DoRA W + ΔW is also multiplied by a factor for each output
    sign = "→" if has_factor else "="
    add_words(drawing, f"<b>{sign}</b>", ((update.right + merged.left) / 2, w.half_way), size=20)
    x, output = ROWS["x"], ROWS["h_merged"]
    add_arrow(drawing, (x.right, x.half_way), (output.left, x.half_way))
    add_arrow(drawing, (merged.middle, merged.bottom), (merged.middle, output.top - LABEL_HEIGHT))
