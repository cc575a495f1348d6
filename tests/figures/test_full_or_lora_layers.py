"""The pictures of one layer trained both ways are true to scale and stay within their frame."""

from math import prod
from typing import Any

import plotly.graph_objects as go
import pytest

from lora_viz.costs.one_layer import LayerState, full_state, lora_state
from lora_viz.figures.full_or_lora_bytes import bytes_figure
from lora_viz.figures.full_or_lora_layers import (
    BOXES_HIGH,
    BOXES_WIDE,
    ScalingFactor,
    full_figure,
    lora_figure,
)
from lora_viz.figures.kit.colours import colour
from lora_viz.figures.kit.matrices import LayerShape

LAYERS = [
    (768, 768, 8),
    (768, 2304, 1),
    (16384, 53248, 64),
    (53248, 16384, 1024),
    (64, 64, 1024),
    (16384, 128256, 1),
]
FACTOR = ScalingFactor("alpha/r", 2.0)


def states(layer: tuple[int, int, int], dora: bool = False) -> tuple[LayerState, LayerState]:
    full = full_state(*layer[:2], "float32", "adamw")
    lora = lora_state(
        *layer, base_dtype="float32", adapter_dtype="float32", optimizer="adamw", dora=dora
    )
    return full, lora


def traces(figure: go.Figure) -> list[Any]:
    """Everything that is drawn with coordinates."""
    return list(figure.select_traces())


def rectangles(figure: go.Figure) -> list[tuple[str, float]]:
    """Hover text and area of every filled rectangle."""
    return [
        (trace.text, prod(max(side) - min(side) for side in (trace.x, trace.y)))
        for trace in traces(figure)
        if trace.fill == "toself"
    ]


def area_of(figure: go.Figure, name: str) -> float:
    (area,) = [area for text, area in rectangles(figure) if text.startswith(f"<b>{name}</b>")]
    return area


@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_equal_areas_are_equal_numbers_of_values_in_both_pictures(layer: tuple[int, int, int]):
    in_features, out_features, rank = layer
    full, lora = states(layer, dora=True)
    left = full_figure(LayerShape(*layer), full)
    right = lora_figure(LayerShape(*layer), lora, FACTOR)
    one_value = area_of(left, "W, trained") / (in_features * out_features)
    counts = {"W, frozen": in_features * out_features, "magnitude": out_features}
    for part in ("", ": Gradient", ": Moment m", ": Moment v"):
        counts |= {f"A{part}": rank * in_features, f"B{part}": out_features * rank}
    for name, values in counts.items():
        assert area_of(right, name) / values == pytest.approx(one_value), name
    for name in ("Gradient", "Moment m", "Moment v"):
        assert area_of(left, name) == pytest.approx(area_of(left, "W, trained"))


@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_both_pictures_have_the_same_frame_and_nothing_lies_outside(layer: tuple[int, int, int]):
    full, lora = states(layer, dora=True)
    shape = LayerShape(*layer)
    for figure in (full_figure(shape, full), lora_figure(shape, lora, FACTOR)):
        assert tuple(figure.layout.xaxis.range) == (0, BOXES_WIDE)
        assert tuple(figure.layout.yaxis.range) == (BOXES_HIGH, 0)
        assert figure.layout.yaxis.scaleanchor == "x"
        for trace in traces(figure):
            assert 0 <= min(trace.x) <= max(trace.x) <= BOXES_WIDE
            assert 0 <= min(trace.y) <= max(trace.y) <= BOXES_HIGH


def test_only_a_frozen_weight_has_the_colour_of_ice():
    full, lora = states((768, 768, 8))
    shape = LayerShape(768, 768, 8)
    fills = [trace.fillcolor for trace in traces(full_figure(shape, full))]
    assert colour("frozen") not in fills
    fills = [trace.fillcolor for trace in traces(lora_figure(shape, lora, FACTOR))]
    assert fills.count(colour("frozen")) == 1


def test_a_thin_strip_is_magnified_and_a_thick_one_is_not():
    for rank, columns in ((8, 8), (512, 0)):
        layer = (768, 768, rank)
        figure = lora_figure(LayerShape(*layer), states(layer)[1], FACTOR)
        enlarged = [text for text, _area in rectangles(figure) if "times enlarged" in text]
        assert len(enlarged) == columns


@pytest.mark.parametrize("count_frozen", [False, True])
def test_the_bars_are_as_long_as_the_bytes(count_frozen: bool):
    full, lora = states((768, 768, 8))
    figure = bytes_figure(full, lora, count_frozen)
    lengths = {row: sum(bar.x[0] for bar in traces(figure) if bar.y[0] == row) for row in (0, 1)}
    assert lengths == {0: 9_437_184, 1: 2_555_904 if count_frozen else 196_608}
    assert figure.layout.xaxis.range[0] == 0
