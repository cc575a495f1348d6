"""The page Glossary, and that every page says the terms that the glossary names it for."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from lora_viz.glossary.forms import stands_in
from lora_viz.glossary.terms import TERMS, terms_of_page
from lora_viz.i18n import LANGUAGES, _, set_language
from lora_viz.ui.page_list import PAGES
from tests.application import opened

CODE = re.compile(r"`[^`]*`")
FEWER_STEPS = {"planned_methods": "lora", "planned_ranks": "8"}


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    yield
    set_language("en")


def said(app: AppTest) -> str:
    """All that a page says in running text, and the labels of its controls."""
    texts = (getattr(one, "value", "") for one in app.main)
    labels = (getattr(one, "label", "") for one in app.main)
    return CODE.sub("", "\n".join(one for one in (*texts, *labels) if isinstance(one, str)))


def test_every_term_is_listed_with_its_meaning_formula_and_source() -> None:
    text = said(opened("glossary"))
    for term in TERMS:
        assert f"### {term.word}\n" in text and term.meaning in text
        assert f"[{term.cited}]({term.origin.address})" in text
        assert term.formula is None or term.formula.latex in text


def test_terms_are_searched_in_the_readers_language_and_in_english() -> None:
    set_language("ko")
    app = opened("glossary", lang="ko")
    for search, shown in (("랭크 열", "### 랭크"), ("rank", "### 랭크"), ("NF4", "### NF4")):
        app.text_input(key="glossary-search").set_value(search).run()
        assert shown in said(app) and "### 퍼플렉서티" not in said(app)
    app.text_input(key="glossary-search").set_value("**nothing**").run()
    assert [one.value for one in app.info] == ["“\\*\\*nothing\\*\\*”에 해당하는 용어가 없습니다."]


def test_the_help_of_a_setting_says_what_its_term_means() -> None:
    (rank,) = (term for term in TERMS if term.key == "rank")
    shown = opened("glossary").number_input(key="sidebar:rank").help
    assert shown.endswith(rank.meaning)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_says_its_terms(language: str) -> None:
    set_language(language)
    app = opened(lang=language, **FEWER_STEPS)
    for page in PAGES:
        app.switch_page(str(page.file)).run()
        assert not app.exception
        text = said(app)
        lacking = [
            term.key for term in terms_of_page(page.name) if not stands_in(_(term.forms), text)
        ]
        assert lacking == [], page.name
