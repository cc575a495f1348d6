"""The heat maps show the values that were sampled, in frames that do not overlap."""

from __future__ import annotations

from base64 import b64encode
from itertools import combinations
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from lora_viz.figures.forward_pass_merged import merged_figure
from lora_viz.figures.forward_pass_steps import BOXES, LABELLED_RIGHT, forward_figure, presence
from lora_viz.figures.kit.colours import colour
from lora_viz.figures.kit.heat_maps import LABEL_HEIGHT, range_words
from lora_viz.forward.samples import (
    ForwardPass,
    TensorName,
    TensorSample,
    WorkedOutput,
    evenly_picked,
)


def sample(rows: int, columns: int, values: float = 1.0) -> TensorSample:
    """A matrix whose value is 100 · row + column, times `values`, negative in odd columns."""
    kept_rows, kept_columns = evenly_picked(rows, 8), evenly_picked(columns, 48)
    full = np.add.outer(100.0 * np.array(kept_rows), np.array(kept_columns))
    full = (full * values * np.where(np.array(kept_columns) % 2, -1, 1)).astype("<f4")
    return TensorSample(
        shape=(rows, columns),
        minimum=float(full.min()),
        maximum=float(full.max()),
        norm=float(np.linalg.norm(full)),
        rows=kept_rows,
        columns=kept_columns,
        encoded=b64encode(full.tobytes()).decode(),
    )


def passed(dora: bool = False) -> ForwardPass:
    """A pass of a 60 → 70 layer with rank 3 and four rows; the numbers mean nothing."""
    tensors: dict[TensorName, TensorSample] = {
        "x": sample(4, 60),
        "W": sample(70, 60),
        "A": sample(3, 60),
        "B": sample(70, 3),
        "h_base": sample(4, 70),
        "temp": sample(4, 3),
        "h_lora": sample(4, 70, 9.0),
        "scaled": sample(4, 70, 2.0),
        "h": sample(4, 70, 3.0),
        "update": sample(70, 60, 5.0),
        "merged": sample(70, 60, 6.0),
        "h_merged": sample(4, 70, 3.0),
        "difference": sample(4, 70, 0.0),
    }
    if dora:
        tensors["factor"] = sample(1, 70)
    worked = WorkedOutput(0, 1, 0.0, 1.0, (1.0,), (1.0,), 1.0, 1.0, 2.0)
    return ForwardPass(True, 2.0, 1.0, 0.5, 0.0, 1e-7, 0.0, tensors, worked)


def maps(figure: go.Figure) -> list[Any]:
    traces: list[Any] = list(figure.data)
    return [trace for trace in traces if trace.type == "heatmap"]


def frames(figure: go.Figure) -> list[Any]:
    return list(figure.layout["shapes"])


def test_cells_are_the_sampled_values_with_their_indices() -> None:
    figure = forward_figure(passed(), "all", 2)
    weight = maps(figure)[1]
    assert weight.z[1, 5] == passed().tensors["W"].values[1, 5]
    tensor = passed().tensors["W"]
    assert weight.text[1][5] == f"[{tensor.rows[1]}, {tensor.columns[5]}]"
    assert maps(figure)[0].z.shape == (2, 48)


def test_a_heat_map_fills_its_frame() -> None:
    for figure in (forward_figure(passed(dora=True), "all", 4), merged_figure(passed(), 4)):
        for trace, frame in zip(maps(figure), frames(figure), strict=True):
            assert (trace.x[0], trace.x[-1]) == pytest.approx((frame.x0, frame.x1))
            assert (trace.y[0], trace.y[-1]) == pytest.approx((frame.y0, frame.y1))
            assert len(trace.x) == trace.z.shape[1] + 1
            assert len(trace.y) == trace.z.shape[0] + 1


def test_zero_is_between_the_colours_and_what_is_summed_shares_a_range() -> None:
    drawn = [name for name in BOXES if name != "factor"]
    shown = dict(zip(drawn, maps(forward_figure(passed(), "all", 4)), strict=True))
    assert all(trace.zmin == -trace.zmax for trace in shown.values())
    tensors = passed().tensors
    for name in ("h_base", "scaled", "h"):
        assert shown[name].zmax == tensors["h"].largest
    for name in ("x", "W", "A", "temp", "B", "h_lora"):
        assert shown[name].zmax == tensors[name].largest


def test_dora_s_factors_are_shown_around_one() -> None:
    shown = dict(zip(BOXES, maps(forward_figure(passed(dora=True), "all", 4)), strict=True))
    assert shown["factor"].zmin + shown["factor"].zmax == pytest.approx(2.0)


def test_a_difference_of_zeros_has_the_range_of_what_it_is_the_difference_of() -> None:
    difference = maps(merged_figure(passed(), 4))[-1]
    assert not difference.z.any()
    assert -difference.zmin == difference.zmax == passed().tensors["h"].largest


def test_ranges_in_words() -> None:
    assert range_words(0.01941) == "±0.0194"
    assert range_words(0.304, 1.0) == "1 ± 0.304"


def test_what_is_ahead_is_an_empty_frame_and_what_is_done_is_pale() -> None:
    assert presence("h", "1") == "ahead" and presence("W", "1") == "now"
    assert presence("W", "2") == "done" and presence("x", "2") == "now"
    assert presence("temp", "3") == "done" and presence("h", "3") == "now"
    figure = forward_figure(passed(), "1", 4)
    assert len(maps(figure)) == 3
    assert sum(frame.line.dash == "dot" for frame in frames(figure)) == len(BOXES) - 1 - 3


def test_frames_have_the_colour_of_their_meaning() -> None:
    colours = {frame.line.color for frame in frames(forward_figure(passed(True), "all", 4))}
    expected = ("frozen", "A", "B", "activations", "magnitude")
    assert colours == {colour(meaning) for meaning in expected}


@pytest.mark.parametrize("dora", [False, True])
def test_frames_and_the_labels_above_them_do_not_overlap(dora: bool) -> None:
    figure = forward_figure(passed(dora), "all", 4)
    names = [name for name in BOXES if dora or name != "factor"]
    areas = [
        (frame.x0, frame.y0 - (0 if name in LABELLED_RIGHT else LABEL_HEIGHT), frame.x1, frame.y1)
        for name, frame in zip(names, frames(figure), strict=True)
    ]
    for one, other in combinations(areas, 2):
        beside = one[2] <= other[0] or other[2] <= one[0]
        assert beside or one[3] <= other[1] or other[3] <= one[1], (one, other)
    room_for_the_scale = 40
    lowest = figure.layout["height"] - room_for_the_scale
    assert all(top >= 0 and bottom <= lowest for _left, top, _right, bottom in areas)
