"""The speaker's notes: a window of their own, which follows the stage."""

from __future__ import annotations

import streamlit as st

from lora_viz.i18n import _
from lora_viz.ui import page_list
from lora_viz.ui.kit.messages import show_info
from lora_viz.ui.page_list import PAGES
from lora_viz.ui.session import state
from lora_viz.ui.stage import rooms
from lora_viz.ui.tour import guide
from lora_viz.ui.tour.bar import texts_of
from lora_viz.ui.tour.guide import AtStop

ASKS_EVERY_SECONDS = 1


def follow_stage() -> None:
    """Draw the notes for what the stage shows now, and again when that changes."""
    st.fragment(_follow, run_every=ASKS_EVERY_SECONDS)()


def _follow() -> None:
    now = rooms.shown_in(state.view().notes)
    if now is None:
        show_info(_("This stage is over, or not begun. Open the notes again from the stage."))
        return
    at = guide.place_of(now.tour, now.stop)
    if at:
        _of_stop(at)
    else:
        _of_page(now.page)


def _of_stop(at: AtStop) -> None:
    count = len(at.tour.stops)
    st.caption(
        _("Stop %(stop)s of %(stops)s · %(minutes)s min")
        % {"stop": at.number, "stops": count, "minutes": at.stop.minutes}
    )
    title, say, others = texts_of(at)
    st.title(title, anchor=False)
    st.markdown(say)
    for name, words in others:
        st.markdown(f"**{name}** · {words}")
    if at.number < count:
        following = guide.place_of(at.tour.name, at.number + 1)
        st.caption(_("Next: %s") % (texts_of(following)[0] if following else ""))


def _of_page(name: str) -> None:
    number = page_list.number_of(name)
    st.caption(f"{number} / {len(PAGES)}")
    page = page_list.page(name)
    st.title(_(page.title), anchor=False)
    st.markdown(_(page.answers))
    st.caption(_("Within a guided tour this window says what to say, to try and to expect."))
    if number < len(PAGES):
        st.caption(_("Next: %s") % _(PAGES[number].title))
