"""A report as a PowerPoint file: a slide for each figure, numbers and sources in its notes."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from pptx import Presentation
from pptx.util import Inches, Pt

from lora_viz.figures.kit.literal import visible
from lora_viz.i18n import _
from lora_viz.report.facts import Boxes, Chapter, Chart, Report, Section, Table
from lora_viz.report.native_charts import add_chart
from lora_viz.report.slide_fonts import set_theme_fonts
from lora_viz.report.slide_parts import add_boxes, add_grid, add_table, add_text

WIDE = Inches(13.333), Inches(7.5)  # 16:9
TITLE_ONLY = 5  # of the layouts that every new presentation has
MARGIN = Inches(0.6)
ACROSS = WIDE[0] - 2 * MARGIN
HEAD = MARGIN, Inches(0.25), ACROSS, Inches(0.7)
NUMBER = MARGIN, Inches(0.95), Inches(3.6), Inches(0.9)
MEANING = MARGIN + Inches(3.6), Inches(1.0), ACROSS - Inches(3.6), Inches(0.8)
FIGURE = MARGIN, Inches(1.95), ACROSS, Inches(4.95)
FOOT = MARGIN, Inches(6.95), ACROSS, Inches(0.4)
LONGEST_TITLE = 200  # characters; a file has no room for more than 255
LONGEST_LINE = 110  # characters of a link that is shown; the whole of it is behind the words


def pptx_file(report: Report) -> bytes:
    """The file's content."""
    made = Presentation()
    set_theme_fonts(made)
    made.slide_width, made.slide_height = WIDE
    made.core_properties.title = visible(report.title, LONGEST_TITLE)
    made.core_properties.language = report.language
    _front(made, report)
    for chapter in report.chapters:
        foot = f"{chapter.line} · LoRA Viz · {report.made}"
        for section in chapter.sections:
            _figure(made, section, foot, chapter.link)
        if chapter.settings.rows:
            _settings(made, chapter, foot)
    out = BytesIO()
    made.save(out)
    return out.getvalue()


def _slide(made: Any, title: str, foot: str) -> Any:
    """A new slide with its title and what stands below everything."""
    slide = made.slides.add_slide(made.slide_layouts[TITLE_ONLY])
    head = slide.shapes.title
    head.left, head.top, head.width, head.height = HEAD
    head.text_frame.word_wrap = True
    head.text_frame.text = visible(title)
    head.text_frame.paragraphs[0].runs[0].font.size = Pt(28)
    head.text_frame.paragraphs[0].runs[0].font.bold = True
    if foot:
        add_text(slide.shapes, foot, FOOT, 11)
    return slide


def _front(made: Any, report: Report) -> None:
    slide = _slide(made, report.title, "")
    add_text(slide.shapes, _("Made on %s.") % report.made, NUMBER, 16)
    left, top, width, _height = FIGURE
    notes = []
    for chapter in report.chapters:
        add_text(slide.shapes, chapter.line, (left, top, width, Inches(0.4)), 18, bold=True)
        top += Inches(0.4)
        for words in (chapter.link, *chapter.missing):
            if not words:
                continue
            run = add_text(
                slide.shapes, visible(words, LONGEST_LINE), (left, top, width, Inches(0.4)), 12
            )
            if words is chapter.link:
                run.hyperlink.address = chapter.link
            notes.append(words)
            top += Inches(0.4)
    slide.notes_slide.notes_text_frame.text = "\n".join(map(visible, notes))


def _figure(made: Any, section: Section, foot: str, link: str) -> None:
    slide = _slide(made, section.title, foot)
    add_text(slide.shapes, section.number, NUMBER, 36, bold=True)
    add_text(slide.shapes, section.meaning, MEANING, 14)
    if isinstance(section.chart, Chart):
        add_chart(slide.shapes, section.chart, FIGURE)
    elif isinstance(section.chart, Boxes):
        add_boxes(slide.shapes, section.chart, FIGURE)
    else:
        add_grid(slide.shapes, section.chart, FIGURE)
    slide.notes_slide.notes_text_frame.text = "\n".join(
        visible(line)
        for line in (
            f"{section.number} {section.meaning}",
            *_lines_of(section.table),
            *section.sources,
            link,
            foot,
        )
        if line
    )


def _settings(made: Any, chapter: Chapter, foot: str) -> None:
    """The settings, two to a line, on one slide."""
    rows = chapter.settings.rows
    half = (len(rows) + 1) // 2
    pairs = [
        (*one, *(rows[half + at] if half + at < len(rows) else ("", "")))
        for at, one in enumerate(rows[:half])
    ]
    slide = _slide(made, _("Settings"), foot)
    table = Table((*chapter.settings.titles, *chapter.settings.titles), tuple(pairs))
    left, _top, width, _height = FIGURE
    add_table(slide.shapes, table, (left, Inches(1.2), width, Inches(5.2)))
    slide.notes_slide.notes_text_frame.text = "\n".join(_lines_of(chapter.settings))


def _lines_of(table: Table) -> list[str]:
    """The table as lines of words."""
    return [visible(" | ".join(row)) for row in (table.titles, *table.rows)]
