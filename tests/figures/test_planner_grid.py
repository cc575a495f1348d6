"""The planner's grid: every cell says what its report says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lora_viz.figures.planner_grid import COLOURS, SIGNS, VERDICTS, Cell, Column, fit_grid

CELL = st.builds(
    Cell, st.sampled_from(VERDICTS), st.integers(10**8, 9 * 10**11), st.sampled_from(["a", "b"])
)


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.1 defines it, from 0 (black) to 1."""
    parts = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@settings(max_examples=50)
@given(st.data(), st.integers(1, 12), st.integers(1, 5))
def test_every_cell_has_the_sign_the_colour_and_the_number_of_its_report(
    data: st.DataObject, columns: int, rows: int
) -> None:
    cells = [[data.draw(st.none() | CELL) for _c in range(columns)] for _r in range(rows)]
    names = [Column(f"model {number // 3}", f"LoRA<br>r={number}") for number in range(columns)]
    grid: Any = fit_grid(names, [f"card {row}" for row in range(rows)], cells).data[0]
    for row in range(rows):
        for column in range(columns):
            cell, text = cells[row][column], grid.text[row][column]
            if cell is None:
                assert grid.z[row][column] is None and text == ""
                continue
            assert VERDICTS[grid.z[row][column]] == cell.verdict
            assert SIGNS[cell.verdict] in text
            assert grid.customdata[row][column] == cell.hover
            if columns <= 3:
                shown = float(text.rsplit(" ", 1)[1])
                assert shown * 1e9 == pytest.approx(cell.bytes, rel=0.006)


def test_a_verdict_is_read_without_its_colour_and_over_it() -> None:
    assert len(set(SIGNS.values())) == len(VERDICTS)
    for colour in COLOURS.values():  # WCAG's 4.5 : 1 for text, with the dark ink #1F2A33
        assert (luminance(colour) + 0.05) / (luminance("#1F2A33") + 0.05) > 4.5


def test_many_columns_stand_upright_with_their_whole_name() -> None:
    columns = [Column("model", f"LoRA<br>r={rank}") for rank in range(1, 9)]
    axis = fit_grid(columns, ["card"], [[None] * 8]).layout.xaxis
    assert axis.tickangle == -90 and axis.ticktext[0] == "model LoRA r=1"
