"""Messages on a page: plain sentences, whatever a link or a file has put into them."""

from __future__ import annotations

from contextlib import AbstractContextManager

import streamlit as st

from lora_viz.i18n import Message
from lora_viz.ui.kit.literal import as_markdown


def show_error(sentence: str | Message) -> None:
    """What cannot be done, in place of the rest of the page."""
    st.error(as_markdown(sentence))


def show_warning(sentence: str | Message) -> None:
    """What was not accepted, or is missing; the page goes on."""
    st.warning(as_markdown(sentence))


def show_info(sentence: str | Message) -> None:
    """What a reader may want to know."""
    st.info(as_markdown(sentence))


def waiting(sentence: str) -> AbstractContextManager[None]:
    """Say what is being worked out, for as long as that takes."""
    return st.spinner(as_markdown(sentence))
