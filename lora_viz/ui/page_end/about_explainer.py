"""What “the explainer” is: a closed box on each page that speaks of it."""

from __future__ import annotations

import streamlit as st

from lora_viz.explainer.quotes import ADAPTER_FILE, ALPHA, CARD, RANK
from lora_viz.i18n import _
from lora_viz.ui.page_list import Page, file_of
from lora_viz.ui.session.frames import may_act


def about_explainer(page: Page) -> None:
    """Its name, what it tells of and what its signs mean, where the page speaks of it."""
    if not page.speaks_of_explainer:
        return
    with st.expander(_("What “the explainer” is")):
        st.markdown(
            _(
                "*LoRA 시각적 설명*, “LoRA explained in pictures”, is a text in Korean of nine "
                "sections and a summary; § is the number of a section. LoRA Viz turns each of its "
                "pictures into a page. It tells of one fine-tuning that it calls “our project”: "
                "GPT-2 small with r = %(rank)s and alpha = %(alpha)s on a card of %(card)s, whose "
                "checkpoint it gives as %(file)s. LoRA Viz quotes its figures and computes each "
                "anew."
            )
            % {"rank": RANK, "alpha": ALPHA, "card": CARD.words, "file": ADAPTER_FILE.words}
        )
        if page.name != "audit" and may_act():
            st.page_link(file_of("audit"), label=_("Which of the explainer’s figures hold?"))
