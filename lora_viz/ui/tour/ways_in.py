"""Where tours begin: three ways in on the start page, and all tours in the sidebar."""

from __future__ import annotations

import streamlit as st

from lora_viz.errors import UserError
from lora_viz.i18n import _
from lora_viz.tours.shelf import SHIPPED
from lora_viz.tours.tour import Tour
from lora_viz.tours.yaml_text import MAXIMUM_BYTES
from lora_viz.ui.kit.literal import as_markdown
from lora_viz.ui.kit.messages import show_error, show_warning
from lora_viz.ui.session.frames import uploader
from lora_viz.ui.tour import courses, guide
from lora_viz.ui.tour.bar import said_plainly

UPLOADS, REFUSAL = "tour-uploads", "tour-refusal"
LARGEST_UPLOAD_MB = 1


def three_ways_in() -> None:
    """The tours that ship, on the start page; nothing within a tour."""
    if guide.here():
        return
    with st.container(border=True, gap="xsmall", key="ways-in"):
        st.markdown(f"**{_('Three ways in')}**")
        for tour in SHIPPED.values():
            _begin_button(tour, "start")
        _take_up_button("start")


def tours_in_sidebar() -> None:
    """All tours, in a part that is closed at first, and a place for a course's own."""
    _take_up_button("sidebar")
    more = st.expander(_("Guided tours"), key="tours", on_change="rerun")
    if not more.open:
        return
    with more:
        shelf = courses.shelf()
        for tour in shelf.tours.values():
            _begin_button(tour, "sidebar")
        for sentence in shelf.refused:
            show_warning(sentence)
        _upload()


def _begin_button(tour: Tour, place: str) -> None:
    words = _("%(tour)s (%(minutes)s min)") % {
        "tour": said_plainly(tour.title),
        "minutes": tour.minutes,
    }
    st.button(
        as_markdown(words),
        key=f"begin-{place}-{tour.name}",
        help=as_markdown(said_plainly(tour.about)) if tour.about else None,
        on_click=guide.begin,
        args=(tour.name,),
        width="stretch",
    )


def _take_up_button(place: str) -> None:
    if at := guide.left_at():
        words = _("Take up the tour again: stop %(stop)s of %(stops)s") % {
            "stop": at.number,
            "stops": len(at.tour.stops),
        }
        st.button(words, key=f"take-up-{place}", on_click=guide.take_up, width="stretch")


def _upload() -> None:
    """A place for a course's YAML file, which is empty again after each."""
    number = st.session_state.setdefault(UPLOADS, 0)
    uploaded = uploader(
        _("Your course's own tour, one YAML file of up to %s KB") % (MAXIMUM_BYTES // 1000),
        type=["yaml", "yml"],
        key=f"tour-upload-{number}",
        max_upload_size=LARGEST_UPLOAD_MB,
    )
    if uploaded is not None:
        st.session_state[UPLOADS] = number + 1
        _take_file(uploaded.name, uploaded.getvalue())
        st.rerun()
    if REFUSAL in st.session_state:
        show_error(st.session_state[REFUSAL])
    st.caption(_("An uploaded tour is known in this session only."))


def _take_file(name: str, content: bytes) -> None:
    """Begin the tour of a file, or keep the sentence that says what is wrong with it."""
    st.session_state.pop(REFUSAL, None)
    try:
        tour = courses.keep_own(name, content)
    except UserError as error:
        st.session_state[REFUSAL] = error.message
    else:
        guide.begin(tour.name)
