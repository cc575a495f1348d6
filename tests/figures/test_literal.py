"""Plotly and SVG show text from outside as it is written."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lora_viz.figures.kit.literal import as_plotly, as_svg, visible
from tests.hostile import EVERYTHING, PIECES, SIGNS

# what Plotly looks for in words: lib/svg_text_utils.js and lib/index.js of plotly.js 3
PLOTLY_READS = (r"<[^<>]*>", r"\$+[^$]*\$+", r"%\{")
ANY_TEXT = st.text(max_size=200) | st.lists(st.sampled_from((*PIECES, *SIGNS))).map("".join)


@given(ANY_TEXT)
def test_every_character_can_be_seen_and_stands_on_one_line(words: str) -> None:
    shown = visible(words)
    assert len(shown.splitlines()) <= 1
    shown.encode()  # no half characters
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]", shown)
    assert visible(shown) == shown


@pytest.mark.parametrize("name", ["c_attn", "h.0.attn.c_proj", "GPT-2 · r\u00a0=\u00a08", "모델 ❄"])
def test_ordinary_names_stay_as_they_are(name: str) -> None:
    assert visible(name) == as_plotly(name) == as_svg(name) == name


def test_what_cannot_be_seen_gets_a_sign_and_long_words_end_with_one() -> None:
    assert visible("a\x1b[31mb\u202ec\ud800d\ne") == "a␛[31mb�c�d e"
    assert visible("x" * 5000, 10) == "x" * 9 + "…"


def test_marks_that_would_be_drawn_over_other_lines_are_cut_off() -> None:
    assert visible("Qc" + "\u0301" * 1000 + "d\u20dd") == "Qc" + "\u0301" * 8 + "…d\u20dd"
    written = "שָׁלוֹם ให้ Việt e\u0302\u0301 བསྒྲུབས 데이터"
    assert visible(written) == written


@given(ANY_TEXT)
def test_plotly_finds_nothing_to_read_and_shows_the_words(words: str) -> None:
    written = as_plotly(words)
    assert [found for pattern in PLOTLY_READS if (found := re.search(pattern, written))] == []
    assert _as_plotly_decodes(written) == visible(words)


@given(ANY_TEXT)
def test_svg_stays_well_formed_and_shows_the_words(words: str) -> None:
    element = ElementTree.fromstring(f'<text title="{as_svg(words)}">{as_svg(words)}</text>')
    assert (element.text or "") == element.get("title") == visible(words)


def test_the_whole_corpus_is_one_element() -> None:
    assert [*ElementTree.fromstring(f"<text>{as_svg(EVERYTHING)}</text>")] == []


def _as_plotly_decodes(written: str) -> str:
    """Entities as `convertEntities` of plotly.js reads them."""
    names = {"amp": "&", "lt": "<", "gt": ">"}
    return re.sub(
        "&(#[0-9]+|[a-z]+);",
        lambda found: chr(int(found[1][1:])) if found[1][0] == "#" else names[found[1]],
        written,
    )
