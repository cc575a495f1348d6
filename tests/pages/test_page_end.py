"""The end of every page: what comes next and why, except where another way is shown."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lora_viz.ui.page_list import page
from tests.application import followed, opened

START = page("start")


def links(app: AppTest) -> list[Any]:
    """The page's links to other pages, in their order."""
    return [element.proto for element in app.main.get("page_link")]


@pytest.mark.parametrize(
    ("language", "begins"), [("en", "Next: **Full or LoRA**."), ("ko", "다음: **전체 파인튜닝")]
)
def test_the_last_line_leads_to_the_next_page(language: str, begins: str) -> None:
    last = links(opened("start", lang=language))[-1]
    assert last.label.startswith(begins)
    assert last.page == page(START.next.name).address


def test_a_page_that_stops_early_leads_on_too() -> None:
    app = opened("forward_pass", targets="nothing_like_it")
    assert links(app)[-1].label.startswith("Next: **Layer map**.")


@pytest.mark.parametrize("query", [{"embed": "true"}, {"tour": "explainer", "stop": "1"}], ids=str)
def test_a_frame_and_a_tour_have_no_next_page(query: dict[str, str]) -> None:
    assert not [one for one in links(followed(query)) if one.label.startswith("Next:")]
