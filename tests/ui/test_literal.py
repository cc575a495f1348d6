"""Markdown, HTML, LaTeX and tables show text from outside as it is written.

CommonMark is read by markdown-it-py; what Streamlit adds to it is looked for with the patterns of
its own script (StreamlitMarkdown.js of version 1.67). Whether a browser agrees says
`tests/e2e/test_outside_text.py`.
"""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from lora_viz.figures.kit.literal import visible
from lora_viz.ui.kit.literal import APART, as_code, as_csv, as_frame, as_html, as_latex, as_markdown
from tests.hostile import LINES, PIECES, SIGNS

# remark-gfm, remark-emoji and Streamlit's own plugins look for these in what is left as text
STREAMLIT_READS = (
    r"(?i)(https?://|www(?=\.))([-.\w]+)",
    r"([-.\w+]+)@([-\w]+(?:\.[-\w]+)+)",
    r":\+1:|:-1:|:[\w-]+:",
    r":material[_/]",
    r":streamlit:",
    r"(^|\s)(<->|->|<-|--|>=|<=|~=)(\s|$)",
)
# these it looks for in the Markdown itself: directives, formulas, its icons
READ_BEFORE_MARKDOWN = (r"(?<!\\):[A-Za-z:]", r"(?<!\\)\$", ":material/")
PLACES = ("{}", "**{}**", "- {}", "> {}", "1. {}", "words {} words", "words: {}", "a  \n{}")
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
ANY_TEXT = st.text(max_size=100) | st.lists(st.sampled_from((*PIECES, *SIGNS, *LINES))).map(
    " ".join
)


def inside(markdown: str) -> list[Token]:
    """The parts of the only paragraph of a text."""
    blocks = MARKDOWN.parse(markdown)
    assert sum(block.type == "inline" for block in blocks) <= 1, blocks
    return [part for block in blocks for part in block.children or []]


@pytest.mark.parametrize("place", PLACES)
@given(words=ANY_TEXT)
def test_markdown_is_nothing_but_these_words(place: str, words: str) -> None:
    written = as_markdown(words)
    kinds = {part.type for part in inside(place.format(written) if written else "")}
    assert kinds <= {"text", "softbreak", "hardbreak", "strong_open", "strong_close"}
    shown = "".join(part.content for part in inside(written))
    assert shown.replace(APART, "") == visible(words).replace(APART, "")
    assert [one for pattern in STREAMLIT_READS if (one := re.search(pattern, shown))] == []
    assert [one for pattern in READ_BEFORE_MARKDOWN if (one := re.search(pattern, written))] == []


@pytest.mark.parametrize("words", [*PIECES, *SIGNS, *LINES])
def test_each_piece_alone_is_text(words: str) -> None:
    assert {part.type for part in inside(as_markdown(words))} == {"text"}


@pytest.mark.parametrize(
    "name",
    [
        "GPT-2 small · h.0.attn.c_proj · r = 8",
        "custom:12x768x12x50257x1024",
        "openai-community/gpt2",
        "style-lora-r8-20260101-120000",
        "torch 2.9.1, built for CUDA 12.8",
    ],
)
def test_ordinary_names_stay_as_they_are(name: str) -> None:
    assert as_markdown(name).replace("\\", "") == as_html(name) == name


def test_names_may_be_followed_by_a_colon() -> None:
    assert ":smile:" not in as_markdown(":smile") + ":"


@given(ANY_TEXT)
def test_code_is_one_span_with_these_words(words: str) -> None:
    (span,) = inside(f"a {as_code(words)} b")[1:-1]
    assert span.type == "code_inline"
    assert span.content.replace(APART, "").strip(" ") == visible(words).replace(APART, "")


@given(ANY_TEXT)
def test_html_has_no_tag_and_no_line_of_its_own(words: str) -> None:
    assert not set("<>\"'\n") & set(as_html(words))
    assert ":material/" not in as_html(words)


@given(ANY_TEXT)
def test_latex_has_no_command_of_theirs(words: str) -> None:
    known = r"\\textbackslash\{\}|\\textasciitilde\{\}|\\textasciicircum\{\}|\\[{}$&#%_]|:\{\}"
    assert not re.search(r"[\\{}$&#%_~^\n]", re.sub(known, "", as_latex(words)))


def test_tables_keep_words_and_numbers_and_have_no_title_twice() -> None:
    frame = as_frame([{"a\nb": "x\ny", "a b": 1.5, "n": None}, {"a\nb": ":material/home:"}])
    assert [*frame.columns] == ["a b", "a b (2)", "n"]
    assert frame["a b"].tolist() == ["x y", f":{APART}material/home:"]
    assert frame["a b (2)"].tolist()[0] == 1.5


def test_a_spreadsheet_computes_nothing_of_a_saved_table() -> None:
    cells = ["=HYPERLINK(1)", "@SUM(1)", "+A1", "-2+3", "+1,234", "-5", "+1.2\u2009GB", "-", "−1"]
    saved = as_csv(as_frame([{"=1+1": cell, "number": -1.5} for cell in cells])).decode("utf-8-sig")
    rows = [*csv.reader(io.StringIO(saved))]
    assert rows[0] == ["'=1+1", "number"]
    assert [row[0] for row in rows[1:]] == [*(f"'{cell}" for cell in cells[:4]), *cells[4:]]
    assert {row[1] for row in rows[1:]} == {"-1.5"}
