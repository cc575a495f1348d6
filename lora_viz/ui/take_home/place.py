"""The place “Take home” in the sidebar: a report, files for trainers, a link, a QR code."""

from __future__ import annotations

import streamlit as st

from lora_viz.errors import UserError
from lora_viz.i18n import _
from lora_viz.ui.kit.literal import as_block
from lora_viz.ui.kit.messages import waiting
from lora_viz.ui.session import state
from lora_viz.ui.session.frames import act_button
from lora_viz.ui.session.short_links import keep_link
from lora_viz.ui.take_home import links
from lora_viz.ui.take_home.copy_button import copy_button
from lora_viz.ui.take_home.training_files import training_files_button

LABELS = {".html": "HTML", ".pptx": "PPTX"}


def take_home() -> None:
    """A closed part of the sidebar, drawn once somebody opens it."""
    place = st.expander(_("Take home"), key="take-home-place", on_change="rerun")
    if not place.open:
        return
    with place:
        _report()
        training_files_button()
        _link()


def _report() -> None:
    from lora_viz.ui.take_home import files  # Plotly takes a while to import

    st.markdown(f"**{_('The report')}**")
    st.caption(
        _(
            "This scenario in one file, with the runs and the comparison that you chose. For a PDF "
            "print the HTML, or any page, from your browser."
        )
    )
    planner = st.checkbox(_("With every card of the planner"), key="take-home-planner")
    wanted = files.wanted_now(planner=planner)
    asked = ""
    for column, (suffix, label) in zip(st.columns(2), LABELS.items(), strict=True):
        if column.button(label, key=f"make{suffix}", width="stretch"):
            asked = suffix
    if asked:
        with waiting(_("Making the report …")):
            files.make(wanted, asked)
    made = files.made(wanted)
    if made:
        st.download_button(
            _("Save %s") % made.name,
            data=made.content,
            file_name=made.name,
            mime=files.KINDS[made.suffix],
            on_click="ignore",
            type="primary",
            width="stretch",
        )


def _link() -> None:
    st.markdown(f"**{_('The link')}**")
    whole = state.address()
    copy_button(_("Copy link"), whole, "copy-link")
    short = links.short_address()
    if not short:
        act_button(_("Make a short link"), key="short-link-button", on_click=_keep, width="stretch")
    else:
        st.code(as_block(short), language=None, wrap_lines=True)
    shown = short or whole
    if len(shown) <= links.LONGEST_AS_PICTURE:
        st.image(links.as_qr_code(shown), caption=_("For the cameras of the room"))
    else:
        st.caption(_("Make a short link to get a QR code."))
    if links.is_of_this_machine_alone():
        st.caption(_("This address opens on this machine alone."))


def _keep() -> None:
    """Keep what is chosen under a short link."""
    now = state.parameters_for_others()
    try:
        st.session_state[links.IN_SESSION] = now, keep_link(now)
    except UserError as error:
        state.complain(error.message)
