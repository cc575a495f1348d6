"""Messages on a page: plain sentences, whatever a link or a file has put into them."""

from __future__ import annotations

import re

import streamlit as st

# what Markdown would make a picture, a link, code, a formula or bold of; the underscores of names
# such as c_attn mean nothing to it
MARKS = re.compile(r"([\\`*\[\]<>$~])")


def show_error(sentence: str) -> None:
    """What cannot be done, in place of the rest of the page."""
    st.error(as_written(sentence))


def show_warning(sentence: str) -> None:
    """What was not accepted, or is missing; the page goes on."""
    st.warning(as_written(sentence))


def as_written(words: str) -> str:
    """Markdown that shows these words as they are."""
    return MARKS.sub(r"\\\1", words)
