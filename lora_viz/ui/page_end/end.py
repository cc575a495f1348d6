"""The end of every page: its parts, in the order in which they stand."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import streamlit as st
from streamlit.runtime.scriptrunner import StopException

from lora_viz.ui.page_end.about_explainer import about_explainer
from lora_viz.ui.page_end.next_page import next_page
from lora_viz.ui.page_list import Page
from lora_viz.ui.quiz.box import predict_then_look

PARTS: tuple[Callable[[Page], None], ...] = (about_explainer, predict_then_look, next_page)


def draw_end(page: Page) -> None:
    """Draw what stands below a page."""
    with st.container(key="page-end"):
        for part in PARTS:
            part(page)


def run_with_end(run: Callable[[], None], page: Page) -> None:
    """Run a page and draw its end, also where `stop_page` ended the page."""
    with suppress(StopException):
        run()
    draw_end(page)
