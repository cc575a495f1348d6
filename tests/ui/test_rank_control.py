"""The rank: one control on every page, a slider that doubles it and a box for what lies between."""

from __future__ import annotations

import re

import pytest
from streamlit.testing.v1 import AppTest

from lora_viz.ui.page_list import PAGES, Page
from tests.application import opened

DOUBLED = ["1", "2", "4", "8", "16", "32", "64", "128", "256", "512"]
SLIDER, BOX = "page:rank", "page:rank:any"


def shown(app: AppTest) -> tuple[list[str], object, object]:
    """The slider's steps, and the ranks that slider and box show."""
    slider = app.select_slider(key=SLIDER)
    return slider.options, slider.value, app.number_input(key=BOX).value


def test_the_slider_doubles_the_rank() -> None:
    app = opened("parameters", model="tiny-gpt2")
    assert shown(app) == (DOUBLED, 8, 8)
    app.select_slider(key=SLIDER).set_value(16).run()
    assert shown(app) == (DOUBLED, 16, 16)


def test_any_rank_can_be_typed_and_the_slider_has_a_step_for_it() -> None:
    app = opened("parameters", model="tiny-gpt2")
    app.number_input(key=BOX).set_value(12).run()
    assert shown(app) == ([*DOUBLED[:4], "12", *DOUBLED[4:]], 12, 12)
    app.select_slider(key=SLIDER).set_value(16).run()
    assert shown(app) == (DOUBLED, 16, 16)
    box = app.number_input(key=BOX)
    assert (box.min, box.max) == (1, 1024)
    assert app.number_input(key="sidebar:rank").value == 16


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_draws_another_control_for_the_rank(page: Page) -> None:
    source = page.file.read_text(encoding="utf-8")
    assert not re.search(r"controls\.(slider|number)\(\s*\"rank\"", source)
