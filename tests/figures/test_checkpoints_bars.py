"""Bars of saved files: lengths in proportion to bytes, nothing beyond the axis."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import pytest

from lora_viz.checkpoint.parts import CheckpointSizes, FilePart
from lora_viz.costs.many_tasks import TaskStorage
from lora_viz.figures.checkpoints_bars import (
    MOST_COPIES,
    magnification,
    one_run_figure,
    tasks_figure,
    training_checkpoint_figure,
)

PARTS = (FilePart("A", 100, 400), FilePart("B", 200, 800), FilePart("header", 0, 300))


def run(adapter_parts: tuple[FilePart, ...] = PARTS, adapter_state: int = 3_000) -> CheckpointSizes:
    """Sizes of a run whose full model has 1 MB and its optimizer state 2 MB."""
    return CheckpointSizes(1_000_000, 1, 2_000_000, adapter_parts, adapter_state, 2_400)


def bars(figure: go.Figure) -> list[Any]:
    """The traces, one a row, from the top."""
    traces: Any = figure.data
    return sorted(traces, key=lambda bar: bar.y[0])


def rows(figure: go.Figure) -> list[list[tuple[float, float]]]:
    """(start, length) of every piece, row by row from the top."""
    assert len({bar.width for bar in bars(figure)}) == 1, "all bars are equally thick"
    return [list(zip(bar.base, bar.x, strict=True)) for bar in bars(figure)]


def test_pieces_are_as_long_as_their_bytes() -> None:
    full, lora, magnified = rows(one_run_figure(run()))
    assert full == [(0, 1_000_000), (1_000_000, 2_000_000)]
    assert lora == [(0, 400), (400, 800), (1200, 300), (1500, 3000)]
    zoom = magnified[0][1] / lora[0][1]
    assert magnified == [(start * zoom, length * zoom) for start, length in lora]


def test_the_magnified_bar_nearly_fills_the_axis_and_its_factor_is_written() -> None:
    figure = one_run_figure(run())
    last_start, last_length = rows(figure)[2][-1]
    assert 0.9 < (last_start + last_length) / 3_000_000 <= 1
    assert any("magnified 660 ×" in note.text for note in figure.layout.annotations)


@pytest.mark.parametrize("state", [3_000_000, 30_000_000])
def test_an_adapter_as_long_as_the_full_model_needs_no_magnifier(state: int) -> None:
    figure = one_run_figure(run(adapter_state=state))
    assert len(rows(figure)) == 2
    assert figure.layout.xaxis.range[1] == max(3_000_000, state + 1_500)


@pytest.mark.parametrize(
    ("length", "factor"), [(1, 3_000_000), (7, 420_000), (1_499, 2_000), (1_600_000, 1)]
)
def test_magnification_is_round(length: float, factor: int) -> None:
    assert magnification(3_000_000, length) == factor


@pytest.mark.parametrize("tasks", [1, 5, MOST_COPIES, MOST_COPIES + 1, 1000])
def test_stacks_of_tasks_add_up(tasks: int) -> None:
    figure = tasks_figure(TaskStorage(1_000_000, 1_500, tasks), PARTS)
    full, shared = rows(figure)
    assert sum(length for _start, length in full) == (tasks + 1) * 1_000_000
    assert sum(length for _start, length in shared) == 1_000_000 + tasks * 1_500
    for row in (full, shared):
        starts = [start for start, _length in row]
        assert starts == pytest.approx([sum(n for _s, n in row[:i]) for i in range(len(row))])
    assert figure.layout.xaxis.range == (0, (tasks + 1) * 1_000_000)


def test_each_copy_is_a_piece_of_its_own_while_it_can_be_seen() -> None:
    copies, together = (
        rows(tasks_figure(TaskStorage(1_000_000, 1_500, tasks), PARTS))[0]
        for tasks in (MOST_COPIES, MOST_COPIES + 1)
    )
    assert (len(copies), len(together)) == (MOST_COPIES + 1, 2)


def test_the_quoted_size_is_a_line_on_the_same_axis() -> None:
    figure = training_checkpoint_figure(PARTS, 9_000_000, 9.4)
    (line,) = figure.layout.shapes
    assert line.x0 == line.x1 == 9.4 * 2**20
    assert line.x0 < figure.layout.xaxis.range[1]
    assert figure.layout.xaxis.tickvals[1] == 2 * 2**20


def test_hover_gives_exact_bytes() -> None:
    lora = bars(one_run_figure(run()))[1]
    assert lora.hovertext[-1].endswith("3.00\u202fKB = 3,000 B")
