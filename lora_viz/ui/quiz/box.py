"""The box at the end of a page that holds its questions."""

from __future__ import annotations

import streamlit as st

from lora_viz.i18n import _
from lora_viz.ui.page_list import Page
from lora_viz.ui.session.frames import may_act


@st.fragment
def predict_then_look(page: Page) -> None:
    """The questions of a page in a box that is closed at first; none within another page."""
    if not may_act():
        return
    box = st.expander(_("Predict, then look"), key=f"quiz-{page.name}", on_change="rerun")
    if not box.open:  # what is not seen costs nothing
        return
    # imported late: the first page does not wait for what its closed box needs
    from lora_viz.ui.quiz.questions import draw_questions

    with box:
        draw_questions(page)
