"""What else a slide holds: words, tables, and matrices as shapes that are true to scale."""

from __future__ import annotations

from typing import Any

from pptx.dml.color import RGBColor
from pptx.enum.shapes import MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.util import Emu, Inches, Pt

from lora_viz.figures.kit.colours import INK, PANEL
from lora_viz.figures.kit.literal import visible
from lora_viz.format import grouped
from lora_viz.report.facts import Boxes, Grid, Table

Place = tuple[Any, Any, Any, Any]  # left, top, width, height
DARK = RGBColor.from_string(INK["light"].removeprefix("#"))
PAPER = RGBColor.from_string(PANEL["light"].removeprefix("#"))
QUIET = RGBColor(0x4A, 0x57, 0x63)
NARROWEST = Inches(1.9)  # room for the name of a thin one
GAP = Inches(0.5)  # between matrices
LABEL = Inches(0.45)
HAIRLINE = Pt(0.75)


def add_text(shapes: Any, words: str, place: Place, size: int, *, bold: bool = False) -> Any:
    """Words in a frame of their own, on lines as long as that."""
    frame = shapes.add_textbox(*place).text_frame
    frame.word_wrap = True
    run = frame.paragraphs[0].add_run()
    run.text = visible(words)
    run.font.size, run.font.bold = Pt(size), bold
    run.font.color.rgb = DARK if bold else QUIET
    return run


def add_table(shapes: Any, table: Table, place: Place, size: int = 12) -> None:
    """A table; its rows share the height."""
    drawn = shapes.add_table(len(table.rows) + 1, len(table.titles), *place).table
    for row, cells in enumerate((table.titles, *table.rows)):
        for column, words in enumerate(cells):
            _write(drawn.cell(row, column), words, size, bold=row == 0)


def add_grid(shapes: Any, grid: Grid, place: Place, size: int = 7) -> None:
    """A grid of coloured cells, the first row at the top."""
    drawn = shapes.add_table(len(grid.rows) + 1, len(grid.columns) + 1, *place).table
    height = Emu(int(place[3] / (len(grid.rows) + 1)))
    for row in drawn.rows:
        row.height = height
    for column, words in enumerate(("", *grid.columns)):
        _write(drawn.cell(0, column), words, size, bold=True)
    for number, (name, cells) in enumerate(grid.rows, 1):
        _write(drawn.cell(number, 0), name, size)
        for column, cell in enumerate(cells, 1):
            words, colour = (cell.words, cell.colour) if cell else ("–", PANEL["light"])
            _write(drawn.cell(number, column), words, size)
            drawn.cell(number, column).fill.fore_color.rgb = RGBColor.from_string(colour[1:])


def add_boxes(shapes: Any, boxes: Boxes, place: Place) -> None:
    """Matrices next to each other, all to one scale; a side thinner than a line is a line."""
    left, top, width, height = place
    scale = (height - LABEL) / max(box.rows for box in boxes.boxes)
    while _across(boxes, scale) > width:
        scale *= 0.98
    for box in boxes.boxes:
        sides = (
            max(HAIRLINE, Emu(int(box.columns * scale))),
            max(HAIRLINE, Emu(int(box.rows * scale))),
        )
        drawn = shapes.add_shape(MSO_SHAPE.RECTANGLE, left, top + LABEL, *sides)
        drawn.fill.solid()
        drawn.fill.fore_color.rgb = RGBColor.from_string(box.colour.removeprefix("#"))
        drawn.line.fill.background()
        words = f"{box.name}: {grouped(box.rows)} × {grouped(box.columns)}"
        add_text(shapes, words, (left, top, max(sides[0], NARROWEST), LABEL), 16, bold=True)
        left += max(sides[0], NARROWEST) + GAP


def _across(boxes: Boxes, scale: float) -> float:
    """How wide the matrices are together."""
    widths = (max(box.columns * scale, NARROWEST) for box in boxes.boxes)
    return sum(widths) + GAP * (len(boxes.boxes) - 1)


def _write(cell: Any, words: str, size: int, *, bold: bool = False) -> None:
    cell.fill.solid()
    cell.fill.fore_color.rgb = PAPER
    cell.margin_top = cell.margin_bottom = Inches(0.01)
    cell.vertical_anchor = MSO_ANCHOR.MIDDLE
    paragraph = cell.text_frame.paragraphs[0]
    paragraph.alignment = PP_ALIGN.LEFT
    run = paragraph.add_run()
    run.text = visible(words)
    run.font.size, run.font.bold, run.font.color.rgb = Pt(size), bold, DARK
