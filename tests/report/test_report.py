"""A report says the pages' numbers, in each kind of file, and all text in it is only text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from io import BytesIO
from typing import Any

import plotly.graph_objects as go
import pytest
from pptx import Presentation

from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.figures.kit.literal import visible
from lora_viz.questions import kept
from lora_viz.report import pdf
from lora_viz.report.facts import (
    Box,
    Boxes,
    Chapter,
    Chart,
    Grid,
    GridCell,
    Report,
    Section,
    Series,
    Table,
)
from lora_viz.report.html import html_file
from lora_viz.report.making import Wanted, make_report
from lora_viz.report.powerpoint import pptx_file
from tests.application import opened
from tests.hostile import EVERYTHING, PIECES, SIGNS

SMALL = {"model": "tiny-gpt2", "batch_size": 1, "seq_len": 16}
PAGES = {"parameters": "parameters", "memory": "memory", "checkpoints": "checkpoints"}
MOST_BYTES = 6_000_000
FORMULAS = ("=1+1", "@SUM(A1)", "+1", "http://other.example/", "internal:A1", "{=1}")


class Words(HTMLParser):
    """The names of a page's elements, and what stands between them outside of scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.words: list[str] = []
        self.inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.inside = tag
        assert not any(name.startswith("on") for name, _value in attrs)

    def handle_data(self, data: str) -> None:
        if self.inside not in ("script", "style"):
            self.words.append(data)


@pytest.fixture(scope="module")
def report() -> Report:
    """A small scenario with shipped runs, a comparison and a run that is not there."""
    scenario = Scenario.make(SMALL)
    wanted = Wanted(
        scenario,
        link="https://course.example/?model=tiny-gpt2",
        runs=("~lora", "no such run"),
        compared=(scenario, scenario.changed(rank=4)),
    )
    return make_report([wanted, "This line is not JSON."], kept.ask)


def sections_of(report: Report) -> dict[str, Section]:
    return {section.name: section for section in report.chapters[0].sections}


def test_every_subject_is_there_and_what_is_missing_is_said(report: Report) -> None:
    assert list(sections_of(report)) == [
        *("parameters", "layer", "memory", "memory-curve", "checkpoints", "rank"),
        *("comparison", "runs"),
    ]
    assert any("no such run" in sentence for sentence in report.chapters[0].missing)
    assert report.chapters[1].line == "This line is not JSON."


@pytest.mark.parametrize("name", PAGES)
def test_numbers_are_the_page_s(name: str, report: Report) -> None:
    page = opened(PAGES[name], model="tiny-gpt2", batch_size="1", seq_len="16")
    shown = next(one.value for one in page.markdown if 'class="key-number"' in one.value)
    found = re.search(r'class="key-number">(.*?)</div>', shown)
    assert found and found.group(1) == sections_of(report)[name].number


def test_the_html_is_whole_short_and_asks_nobody(report: Report) -> None:
    page = html_file(report)
    assert len(page.encode()) < MOST_BYTES
    parsed = Words(page)
    assert "connect-src" not in page and "default-src 'none'" in page
    assert not parsed.elements & {"link", "img", "iframe", "object", "base", "form"}
    assert page.count('class="figure"') == len(report.chapters[0].sections)
    words = "".join(parsed.words)
    for section in report.chapters[0].sections:
        assert section.number in words and section.meaning in words
        assert all(cell in words for row in section.table.rows for cell in row)
    assert "https://course.example/?model=tiny-gpt2" in words and report.made in words


def slides_of(content: bytes) -> list[Any]:
    return list(Presentation(BytesIO(content)).slides)


def charts_of(slide: Any) -> list[Any]:
    return [shape.chart for shape in slide.shapes if shape.has_chart]


def test_powerpoint_s_own_charts_have_the_numbers(report: Report) -> None:
    slides = {slide.shapes.title.text_frame.text: slide for slide in slides_of(pptx_file(report))}
    drawn = 0
    for section in report.chapters[0].sections:
        slide = slides[section.title]
        notes = slide.notes_slide.notes_text_frame.text
        assert section.number in notes and all(source in notes for source in section.sources)
        assert report.chapters[0].link in notes
        if isinstance(section.chart, Chart):
            (chart,) = charts_of(slide)
            values = [list(one.values) for one in chart.plots[0].series]
            wanted = [list(one.values) for one in section.chart.series]
            assert values == wanted
            drawn += 1
    assert drawn == 7


def hostile_report(words: str) -> Report:
    """A report in which everything that can be a text is this one."""
    series = Series(words, "#4C86B5", (1.0, 2.0), (1.0, 2.0))
    charts: list[Chart | Grid | Boxes] = [
        Chart("columns", (words, "b"), (series,), "bytes", words, words),
        Chart("lines", (), (series,), "loss", words, words),
        Grid((words,), ((words, (GridCell(words, "#8DBCE0"),)),)),
        Boxes((Box(words, "#4C86B5", 4, 4), Box("b", "#4C86B5", 1, 4))),
    ]
    table = Table((words, words), ((words, words),))
    sections = tuple(
        Section(f"s{at}", words, words, words, go.Figure(), chart, table, (words,))
        for at, chart in enumerate(charts)
    )
    return Report(words, "en", words, (Chapter(words, table, "", sections, (words,)),))


def test_outside_text_is_only_text_in_html() -> None:
    quiet = Words(html_file(hostile_report("a"), is_packed=True)).elements
    for words in (EVERYTHING, *SIGNS, *PIECES):
        parsed = Words(html_file(hostile_report(words)))
        assert parsed.elements == quiet
        assert "".join(parsed.words).count(visible(words)) >= 10


def test_outside_text_is_only_text_in_powerpoint() -> None:
    for words in (EVERYTHING, *FORMULAS):
        slides = slides_of(pptx_file(hostile_report(words)))
        assert slides[1].shapes.title.text_frame.text == visible(words)
        (chart,) = charts_of(slides[1])
        assert chart.plots[0].series[0].name.lstrip("\u200b") == visible(words)
        workbook = chart.part.chart_workbook.xlsx_part.blob
        assert no_formula_in(workbook)


def no_formula_in(workbook: bytes) -> bool:
    """Whether a spreadsheet has cells of text and numbers only."""
    from zipfile import ZipFile

    with ZipFile(BytesIO(workbook)) as file:
        sheet = file.read("xl/worksheets/sheet1.xml").decode()
    return "<f>" not in sheet and "hyperlink" not in sheet


def test_without_a_chromium_one_sentence_says_so(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf.shutil, "which", lambda _name: None)
    with pytest.raises(UserError, match="needs Chromium or Chrome"):
        pdf.pdf_file(report)
