"""Pairs of bars: true to scale on linear axes, and the picture of one block."""

from __future__ import annotations

import plotly.graph_objects as go
import pytest

from lora_viz.figures.kit.bars import Segment
from lora_viz.figures.kit.colours import Meaning, colour
from lora_viz.figures.parameters_bars import BarPair, magnification, parameter_bars
from lora_viz.figures.parameters_block import BlockLayer, block_targets


def segment(meaning: Meaning, parameters: int) -> Segment:
    """A part of a bar that is named after its meaning."""
    return Segment(meaning, meaning, parameters, str(parameters))


def pair(full: int, *adapter: int) -> BarPair:
    """Bars for full fine-tuning and for A and B."""
    meanings: tuple[Meaning, ...] = ("A", "B")
    parts = (segment(meaning, values) for meaning, values in zip(meanings, adapter, strict=True))
    return BarPair("a layer", "", segment("update", full), tuple(parts))


MODULE = pair(1_769_472, 6_144, 18_432)
MODEL = pair(124_439_808, 147_456, 294_912)


def bars(figure: go.Figure) -> list[dict]:
    """The traces as plain data."""
    return figure.to_dict()["data"]


def axis_end(figure: go.Figure, bar: dict) -> float:
    """Where the axis of a bar ends, as it stands in the layout."""
    return figure.to_dict()["layout"][bar["xaxis"].replace("x", "xaxis")]["range"][1]


def test_linear_bars_are_as_long_as_their_numbers() -> None:
    figure = parameter_bars([[MODULE], [MODEL]], log=False)
    expected = [1_769_472, 6_144, 18_432, 124_439_808, 147_456, 294_912]
    assert [bar["x"][0] for bar in bars(figure)[:6]] == expected
    assert [bar["base"][0] for bar in bars(figure)[:6]] == [0, 0, 6_144, 0, 0, 147_456]
    assert axis_end(figure, bars(figure)[0]) == 1_769_472
    assert axis_end(figure, bars(figure)[3]) == 124_439_808
    layout = figure.to_dict()["layout"]
    assert {layout[axis]["type"] for axis in layout if axis.startswith("xaxis")} == {"linear"}


def test_the_lens_magnifies_by_the_factor_that_it_names() -> None:
    figure = parameter_bars([[MODULE], [MODEL]], log=False)
    lens = bars(figure)[6:]
    assert [bar["x"][0] for bar in lens] == [147_456, 294_912]
    assert 124_439_808 / axis_end(figure, lens[0]) == pytest.approx(200)
    assert "× 200" in [note["text"] for note in figure.to_dict()["layout"]["annotations"]]


def test_no_lens_where_the_adapter_is_large_or_the_axis_logarithmic() -> None:
    assert len(bars(parameter_bars([[pair(1000, 300, 300)]], log=False))) == 3
    assert len(bars(parameter_bars([[MODEL]], log=True))) == 3


def test_an_adapter_that_is_larger_than_w_lengthens_the_axis() -> None:
    figure = parameter_bars([[pair(1000, 800, 800)]], log=False)
    assert axis_end(figure, bars(figure)[0]) == 1600


def test_logarithmic_bars_end_at_their_numbers_and_share_one_range() -> None:
    figure = parameter_bars([[MODULE], [MODEL]], log=True)
    full, a, b, *_others = bars(figure)
    assert full["base"][0] + full["x"][0] == pytest.approx(1_769_472)
    assert b["base"][0] + b["x"][0] == pytest.approx(24_576)
    assert a["base"][0] == 1
    assert axis_end(figure, full) == axis_end(figure, bars(figure)[3])


@pytest.mark.parametrize(("parameters", "factor"), [(1, 900), (5, 100), (400, 1), (2000, 1)])
def test_magnifications_are_round(parameters: int, factor: int) -> None:
    assert magnification(1000, parameters) == factor


def test_the_layers_of_a_block_are_to_scale_and_the_matched_ones_lit() -> None:
    adapter = (segment("A", 6_144), segment("B", 6_144))
    matched = BlockLayer("attn", "c_proj", "", segment("frozen", 589_824), adapter, False)
    other = BlockLayer("mlp", "c_fc", "", segment("frozen", 2_359_296), (), False)
    figure = block_targets([matched, other])
    assert [bar["x"][0] for bar in bars(figure)] == [589_824, 6_144, 6_144, 2_359_296]
    assert [bar["marker"]["color"] for bar in bars(figure)] == [
        colour(meaning) for meaning in ("frozen", "A", "B", "frozen")
    ]
    assert bars(figure)[0]["opacity"] > bars(figure)[3]["opacity"]
    assert axis_end(figure, bars(figure)[0]) == 2_359_296


def test_a_layer_that_only_the_short_name_matches_stands_out() -> None:
    layer = BlockLayer("mlp", "c_proj", "", segment("frozen", 9), (segment("A", 1),), True)
    shapes = block_targets([layer]).to_dict()["layout"]["shapes"]
    assert sum(shape["type"] == "rect" for shape in shapes) == 1
