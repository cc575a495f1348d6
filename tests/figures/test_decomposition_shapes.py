"""The three matrices are true to one scale, fit into the picture, and are magnified where thin."""

from __future__ import annotations

import re
from math import prod
from typing import Any

import plotly.graph_objects as go
import pytest

from lora_viz.figures.decomposition_rebuild import rebuild_figure
from lora_viz.figures.decomposition_shapes import CHARACTER, MARGIN, WIDTH, decomposition_figure
from lora_viz.figures.kit.colours import Meaning, colour
from lora_viz.training.update.ask import rebuild_example

LAYERS = [
    (768, 768),
    (768, 2304),
    (3072, 768),
    (64, 64),
    (16_384, 53_248),
    (128_256, 16_384),
    (32_768, 1_000_000),
    (4096, 8),
]
RANKS = [1, 8, 64, 384, 1024]


def traces(figure: go.Figure) -> list[Any]:
    return list(figure.data)


def words_in(figure: go.Figure) -> list[Any]:
    return list(figure.layout["annotations"])


def sides(figure: go.Figure, meaning: Meaning) -> tuple[float, float]:
    """Width and height of the matrix of one meaning: the first shape in its colour."""
    trace = next(one for one in traces(figure) if one.fillcolor == colour(meaning))
    return max(trace.x) - min(trace.x), max(trace.y) - min(trace.y)


def words(figure: go.Figure) -> str:
    return " ".join(annotation.text for annotation in words_in(figure))


def shapes_below(figure: go.Figure) -> list[Any]:
    """The words below the three matrices: the shape and the count, from left to right."""
    return [one for one in words_in(figure) if re.match(r"[\d,]+ × [\d,]+<br>", one.text)]


@pytest.mark.parametrize("rank", RANKS)
@pytest.mark.parametrize(("ins", "outs"), LAYERS)
def test_equal_areas_are_equal_numbers_of_parameters(ins: int, outs: int, rank: int) -> None:
    figure = decomposition_figure(ins, outs, rank, 4)
    counts: dict[Meaning, int] = {"update": ins * outs, "B": outs * rank, "A": rank * ins}
    area_of_a_value = [prod(sides(figure, name)) / count for name, count in counts.items()]
    assert area_of_a_value == pytest.approx([area_of_a_value[0]] * 3)
    assert sides(figure, "B")[0] == pytest.approx(sides(figure, "A")[1])
    assert figure.layout.yaxis.scaleanchor == "x"
    assert figure.layout.yaxis.scaleratio == 1


@pytest.mark.parametrize("rank", RANKS)
@pytest.mark.parametrize(("ins", "outs"), LAYERS)
def test_everything_fits_and_nothing_overlaps(ins: int, outs: int, rank: int) -> None:
    figure = decomposition_figure(ins, outs, rank, 4)
    meanings: list[Meaning] = ["update", "B", "A"]
    edges = []
    for meaning, shape in zip(meanings, shapes_below(figure), strict=True):
        half = max(sides(figure, meaning)[0], len(shape.text.split("<br>")[0]) * CHARACTER) / 2
        edges += [shape.x - half, shape.x + half]
    assert edges == pytest.approx(sorted(edges))
    assert edges[0] >= -MARGIN
    assert edges[-1] <= WIDTH + MARGIN
    assert max(max(one.y) for one in traces(figure)) <= figure.layout.yaxis.range[0]


def test_a_strip_is_magnified_and_a_bar_is_not() -> None:
    assert "magnified" in words(decomposition_figure(768, 768, 8, 4))
    assert "magnified" not in words(decomposition_figure(768, 768, 384, 4))


def test_the_words_and_the_hover_give_exact_numbers() -> None:
    figure = decomposition_figure(768, 768, 8, 4)
    for number in ("589,824", "6,144", "12,288", "768 × 8", "8 × 768"):
        assert number in words(figure)
    assert "24,576 B" in " ".join(str(trace.text) for trace in traces(figure))


def test_the_magnifier_s_factor_is_that_of_its_columns() -> None:
    figure = decomposition_figure(768, 768, 8, 4)
    columns = [one for one in traces(figure) if one.fillcolor == colour("B")][1:]
    assert len(columns) == 8
    pitch = columns[1].x[0] - columns[0].x[0]
    times = pitch / (sides(figure, "B")[0] / 8)
    assert f"magnified {times:.3g} ×" in words(figure)


@pytest.mark.parametrize("rank", [1, 4, 1024])
def test_the_marks_stand_on_the_curves(rank: int) -> None:
    rebuild = rebuild_example(32, 48, 4, 0.1, 0, 1)
    figure = rebuild_figure(rebuild, rank)
    fitted, best = (one for one in traces(figure) if one.mode == "markers")
    assert (fitted.x[0], best.x[0]) == (min(rank, 32),) * 2
    assert fitted.y[0] == pytest.approx(rebuild.fitted_error(rank) * 100)
    assert best.y[0] == pytest.approx(rebuild.best_error(rank) * 100)
