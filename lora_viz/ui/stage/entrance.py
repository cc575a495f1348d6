"""The part of the sidebar for those who present: the stage, its notes, a frame for a course."""

from __future__ import annotations

import streamlit as st

from lora_viz.figures.kit.literal import visible
from lora_viz.i18n import _
from lora_viz.ui.session import state
from lora_viz.ui.stage.stage import own_room

FRAME = '<iframe src="{address}" width="100%" height="720" style="border:0"></iframe>'


def present() -> None:
    """Draw it, closed at first."""
    more = st.expander(_("Present"), key="present", on_change="rerun")
    if not more.open:
        return
    with more:
        st.button(
            _("Go on stage"),
            key="stage-enter",
            help=_("Large type, one picture a view. → and ← turn the view, Escape leaves."),
            on_click=_enter,
        )
        st.link_button(
            _("Speaker's notes"),
            state.address(notes=own_room()),
            help=_("A second window, which follows this one while it is on stage."),
        )
        st.caption(_("To show this page within a course page or a slide:"))
        st.code(FRAME.format(address=visible(state.address(embed="true"))), language="html")


def _enter() -> None:
    state.update(stage=True)
