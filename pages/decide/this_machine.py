"""This machine: what NVML and torch see, read anew every two seconds while there is a GPU."""

import streamlit as st

from lora_viz.i18n import _
from lora_viz.ui.kit import page
from lora_viz.ui.session import state
from lora_viz.ui.this_machine import words

page.headline(
    "this_machine",
    _("The GPUs of the machine that runs this app, as they are now."),
    _("NVML and torch"),
)
language = state.scenario().language
has_gpus = bool(words.reading_now(language).gpus)


@st.fragment(run_every=words.SECONDS_BETWEEN_READINGS if has_gpus else None)
def gpus_now() -> None:
    """The readings; only this part of the page is drawn again with each new one."""
    reading = words.reading_now(language)
    number, cards = st.columns([1, 2], gap="medium")
    with number:
        words.key_number(reading)
    with cards:
        words.problem(reading)
        for gpu in reading.gpus:
            with st.container(border=True):
                words.gpu_card(gpu)
    if reading.gpus:
        page.table(words.rows(reading), "this-machine")


gpus_now()
with st.container(border=True):
    st.markdown(f"**{_('What torch sees')}**")
    words.torch_sees()
with st.expander(_("Sources")):
    words.sources()
