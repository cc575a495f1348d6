"""What a report says, as data: every number once, with the figure that shows it.

Words are plain text in the language of the one who makes the report. A section has its figure as
Plotly draws it and, for programs with charts of their own, the same numbers as a `Chart`, a `Grid`
or `Boxes`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import plotly.graph_objects as go

ChartKind = Literal["columns", "bars", "areas", "lines"]
Unit = Literal["bytes", "parameters", "loss"]


@dataclass(frozen=True)
class Series:
    """Numbers of one colour (`#RRGGBB`); None where there is none. `x` is for lines alone."""

    name: str
    colour: str
    values: tuple[float | None, ...]
    x: tuple[float, ...] = ()
    is_hatched: bool = False


@dataclass(frozen=True)
class Chart:
    """Columns, bars and areas stand on one another, a value a category; lines have their own x."""

    kind: ChartKind
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    unit: Unit
    x_title: str = ""
    y_title: str = ""


@dataclass(frozen=True)
class GridCell:
    """A cell with words on a colour."""

    words: str
    colour: str


@dataclass(frozen=True)
class Grid:
    """Rows of cells below the names of columns; None where nothing is known."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[GridCell | None, ...]], ...]


@dataclass(frozen=True)
class Box:
    """A matrix as a rectangle, whose area is its number of values."""

    name: str
    colour: str
    rows: int
    columns: int


@dataclass(frozen=True)
class Boxes:
    """Matrices next to each other, all to one scale."""

    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class Table:
    """Rows of words below titles."""

    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Section:
    """One subject: its number with what that is the number of, its figure, its table."""

    name: str
    title: str
    number: str
    meaning: str
    figure: go.Figure
    chart: Chart | Grid | Boxes
    table: Table
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Chapter:
    """One scenario: its settings, its link ("" where it has none), and what is said of it.

    `missing` are sentences on what could not be answered.
    """

    line: str
    settings: Table
    link: str
    sections: tuple[Section, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """All chapters, and the day on which the report was made (`2026-11-27`)."""

    title: str
    language: str
    made: str
    chapters: tuple[Chapter, ...]
