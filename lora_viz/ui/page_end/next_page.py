"""Where to go next, and why: one line at the end of a page."""

from __future__ import annotations

import streamlit as st

from lora_viz.i18n import _
from lora_viz.ui import page_list
from lora_viz.ui.page_list import Page
from lora_viz.ui.session.frames import may_act
from lora_viz.ui.tour import guide


def next_page(page: Page) -> None:
    """A link to the page that follows; none in a frame, and none where a tour shows the way."""
    if guide.here() or not may_act():
        return
    following = page_list.page(page.next.name)
    words = _("Next: **%(title)s**. %(why)s") % {
        "title": _(following.title),
        "why": _(page.next.why),
    }
    st.page_link(str(following.file), label=words, icon=":material/arrow_forward:")
