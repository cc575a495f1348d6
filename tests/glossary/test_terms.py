"""Every term is whole in every language, and is found where it stands and nowhere else."""

from __future__ import annotations

from contextvars import copy_context

import pytest

from lora_viz.choices.scenario import Scenario
from lora_viz.glossary.forms import forms, stands_in
from lora_viz.glossary.term import Term
from lora_viz.glossary.terms import TERMS, term_of_field, terms_of_page
from lora_viz.i18n import LANGUAGES, _, set_language
from lora_viz.training.settings import TrainingSettings
from lora_viz.ui.page_list import PAGES

WITHOUT_TERMS = {"glossary", "this_machine"}  # of the second, what is seen depends on its GPUs
LONGEST = 170  # characters of a meaning, which a phone shows without scrolling
RANK = "rank|ranks"
MATRIX_B = "A and [B]|[B] and A"


def test_terms_are_told_apart() -> None:
    assert len({term.key for term in TERMS}) == len({term.word for term in TERMS}) == len(TERMS)


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term.key)
def test_a_term_is_whole_in_every_language(term: Term) -> None:
    def check(language: str) -> None:
        set_language(language)
        assert _(term.word) and _(term.meaning).endswith(".") and len(_(term.meaning)) <= LONGEST
        assert all(form.length > 0 for form in forms(_(term.forms)))
        if language != "en":
            assert _(term.meaning) != term.meaning

    for language in LANGUAGES:
        copy_context().run(check, language)
    assert term.meaning.count(".") == 1 + term.meaning.count("e.g.")  # one sentence
    assert term.origin.address.startswith("https://")


def test_every_page_has_terms_and_every_named_page_is_one() -> None:
    named = {name for term in TERMS for name in term.pages}
    assert named == {page.name for page in PAGES} - WITHOUT_TERMS
    assert all(terms_of_page(name) for name in named)


def test_settings_that_terms_are_named_for_are_settings() -> None:
    fields = {field for term in TERMS for field in term.fields}
    assert fields <= {*Scenario.model_fields, *TrainingSettings.model_fields}
    rank = term_of_field("rank")
    assert rank and rank.key == "rank" and term_of_field("gpu") is None


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (RANK, "the rank of ΔW"),
        (RANK, "Rank r"),
        (RANK, "(ranks)"),
        ("랭크", "랭크는 시도해 보는 설정입니다"),
        ("MB|GB", "9.4 MB"),
        ("ΔW", "ΔW의 값"),
        ("feed-forward", "the feed-forward part"),
        (MATRIX_B, "A and B 🔥"),
    ],
)
def test_a_term_is_found(written: str, text: str) -> None:
    assert stands_in(written, text)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (RANK, "cannot be ranked"),
        (RANK, "low_rank"),
        ("랭크", "블랭크"),
        ("MB|GB", "9.4 mb"),
        ("W", "ΔW and W′"),
        ("ΔW", "ΔWx"),
        (MATRIX_B, "3,253,104 B"),
    ],
)
def test_what_only_looks_like_a_term_is_not(written: str, text: str) -> None:
    assert not stands_in(written, text)


def test_brackets_say_which_part_of_a_form_is_the_term() -> None:
    (form, _other) = forms(MATRIX_B)
    text = "two matrices, A and B, are trained"
    found = form.pattern().search(text)
    assert found is not None
    start = found.start() + form.start
    assert text[start : start + form.length] == "B"
