"""Boxes as wide as their rank, and areas whose heights are the parameters."""

from __future__ import annotations

from itertools import pairwise

import pytest

from lora_viz.figures.rank_cost import CostPart, RankBox, rank_boxes, rank_cost

PARTS = (CostPart("A", "A", 18_432, 0), CostPart("B", "B", 36_864, 0))
WEIGHTS = 28_311_552


def box(rank: int) -> RankBox:
    return RankBox(rank, str(rank), str(rank), rank == 8)


def area(trace: dict) -> float:
    """The area of a polygon whose parts are divided by None (the shoelace formula)."""
    points = list(zip(trace["x"], trace["y"], strict=True))
    return abs(
        sum(
            (x0 * y1 - x1 * y0) / 2
            for (x0, y0), (x1, y1) in pairwise(points)
            if x0 is not None and x1 is not None
        )
    )


@pytest.mark.parametrize("ranks", [(1, 4, 8, 16, 32), (1, 4, 8, 16, 32, 1024)])
def test_boxes_are_as_wide_as_their_rank(ranks: tuple[int, ...]) -> None:
    traces = rank_boxes([box(rank) for rank in ranks]).to_dict()["data"]
    areas = [area(trace) for trace in traces]
    assert [value / areas[0] for value in areas] == pytest.approx(ranks)


def test_small_boxes_have_a_cell_for_each_rank() -> None:
    traces = rank_boxes([box(4), box(32)]).to_dict()["data"]
    assert [list(trace["x"]).count(None) for trace in traces] == [4, 32]


def test_areas_grow_from_nothing_in_proportion_to_the_rank() -> None:
    figure = rank_cost(PARTS, WEIGHTS, 8, (4, 8), up_to_break_even=True).to_dict()
    a, b, level, points = figure["data"]
    assert area(b) == pytest.approx(2 * area(a))
    assert list(level["y"]) == [WEIGHTS, WEIGHTS]
    assert list(points["y"]) == [4 * 55_296, 8 * 55_296]
    right = figure["layout"]["xaxis"]["range"][1]
    assert right > 512
    assert b["y"][2] / right == pytest.approx(55_296)


def test_break_even_is_marked_where_the_line_meets_the_level() -> None:
    figure = rank_cost(PARTS, WEIGHTS, 8, (4, 8), up_to_break_even=True).to_dict()
    assert [shape["x0"] for shape in figure["layout"]["shapes"]] == [512, 8]
    near = rank_cost(PARTS, WEIGHTS, 8, (4, 32), up_to_break_even=False).to_dict()
    assert [shape["x0"] for shape in near["layout"]["shapes"]] == [8]
    assert near["layout"]["xaxis"]["range"][1] < 40


def test_what_does_not_grow_is_a_strip_on_top() -> None:
    parts = (*PARTS, CostPart("magnitude", "m", 0, 36_864))
    strip = rank_cost(parts, WEIGHTS, 8, (8,), up_to_break_even=False).to_dict()["data"][2]
    low_left, low_right, high_right, high_left, _end = strip["y"]
    assert high_left - low_left == pytest.approx(36_864)
    assert high_right - low_right == pytest.approx(36_864)
