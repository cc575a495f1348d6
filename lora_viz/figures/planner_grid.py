"""What fits on which card: a cell for each card and each thing that is planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import plotly.graph_objects as go

from lora_viz.figures.kit.base import NUMBER_FONT, Drawing
from lora_viz.figures.kit.colours import DARK_INK, NEUTRAL
from lora_viz.figures.kit.literal import as_plotly
from lora_viz.format import three_digits
from lora_viz.memory.fit import Verdict

GB = 1e9
ROW_HEIGHT = 22
HEADER_HEIGHT = 72
TALL_HEADER_HEIGHT = 190
# Light enough for dark ink in both themes, and apart in lightness too: blue, amber, grey.
COLOURS: dict[Verdict, str] = {"fits": "#8DBCE0", "tight": "#EDB458", "too_large": "#C3C9CF"}
SIGNS: dict[Verdict, str] = {"fits": "✓", "tight": "~", "too_large": "✗"}
VERDICTS: tuple[Verdict, ...] = ("too_large", "tight", "fits")
# columns; with more, a phone's cell has room for its sign only, and names stand upright
NUMBERS_UP_TO = 3
LONGEST_NAME = 32

BARE = {"showgrid": False, "zeroline": False, "showline": False, "ticks": "", "fixedrange": True}


@dataclass(frozen=True)
class Column:
    """What stands above a column: its group (text), which neighbours share, and its name (HTML)."""

    group: str
    name: str


@dataclass(frozen=True)
class Cell:
    """One answer: the verdict, the most bytes that the step takes, and what hover says (HTML)."""

    verdict: Verdict
    bytes: int
    hover: str


def fit_grid(
    columns: Sequence[Column], rows: Sequence[str], cells: Sequence[Sequence[Cell | None]]
) -> go.Figure:
    """Draw the grid, the first row at the top.

    Args:
        rows: what stands next to the cells (HTML).
        cells: for each row a cell for each column; None where nothing is known.
    """
    groups = [list(group) for _name, group in groupby(columns, key=lambda column: column.group)]
    has_numbers = len(columns) <= NUMBERS_UP_TO
    is_tall = len(groups) > 2 or not has_numbers
    header = TALL_HEADER_HEIGHT if is_tall else HEADER_HEIGHT
    drawing = Drawing(header + ROW_HEIGHT * len(rows))
    drawing.add_heatmap(
        x=list(range(len(columns))),
        y=list(range(len(rows))),
        z=[[VERDICTS.index(cell.verdict) if cell else None for cell in row] for row in cells],
        text=[[cell_text(cell, has_numbers=has_numbers) for cell in row] for row in cells],
        customdata=[[cell.hover if cell else "" for cell in row] for row in cells],
        texttemplate="%{text}",
        textfont={"family": NUMBER_FONT, "size": 12, "color": DARK_INK},
        hovertemplate="%{customdata}<extra></extra>",
        hoverongaps=False,
        colorscale=_steps([COLOURS[verdict] for verdict in VERDICTS]),
        zmin=0,
        zmax=len(VERDICTS) - 1,
        showscale=False,
        xgap=3,
        ygap=2,
    )
    drawing.update_layout(margin={"l": 8, "r": 8, "t": header - 8, "b": 8})
    left = 0
    for group in groups:
        _rule_over(drawing, group, left)
        if not is_tall:
            _name_group(drawing, group, left)
        left += len(group)
    drawing.update_xaxes(
        side="top",
        tickvals=list(range(len(columns))),
        ticktext=[_upright(column) if is_tall else column.name for column in columns],
        tickangle=-90 if is_tall else 0,
        tickfont={"size": 12},
        **BARE,
    )
    drawing.update_yaxes(
        autorange="reversed",
        tickvals=list(range(len(rows))),
        ticktext=list(rows),
        tickfont={"size": 12},
        automargin=True,
        **BARE,
    )
    return drawing.figure()


def _upright(column: Column) -> str:
    """A column's whole name in a line."""
    return f"{as_plotly(column.group, LONGEST_NAME)} {column.name.replace('<br>', ' ')}"


def _name_group(drawing: Drawing, group: list[Column], left: int) -> None:
    """The group's name over the middle of its columns."""
    drawing.add_annotation(
        x=left + (len(group) - 1) / 2,
        yref="paper",
        y=1,
        yshift=40,
        text=f"<b>{as_plotly(group[0].group, LONGEST_NAME)}</b>",
        showarrow=False,
        xanchor="center",
        yanchor="bottom",
        font={"size": 12},
    )


def _rule_over(drawing: Drawing, group: list[Column], left: int) -> None:
    """A line over the columns that belong together."""
    drawing.add_shape(
        type="line",
        x0=left - 0.45,
        x1=left + len(group) - 0.55,
        yref="paper",
        y0=1,
        y1=1,
        line={"color": NEUTRAL, "width": 1},
    )


def cell_text(cell: Cell | None, *, has_numbers: bool) -> str:
    """The sign of the verdict and the gigabytes (10⁹ B); nothing for what is not known."""
    if cell is None:
        return ""
    sign = SIGNS[cell.verdict]
    return (
        f"<b>{sign}</b> {three_digits(cell.bytes / GB)}"
        if has_numbers and cell.bytes < 999.5e9
        else f"<b>{sign}</b>"
    )


def _steps(colours: Sequence[str]) -> list[list[float | str]]:
    """A colour scale that changes at once from one colour to the next."""
    edges = [index / len(colours) for index in range(len(colours) + 1)]
    return [
        [edge, colour]
        for colour, left, right in zip(colours, edges, edges[1:], strict=False)
        for edge in (left, right)
    ]
