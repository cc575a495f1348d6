"""The address of what is on screen: a short one, and as a picture."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from urllib.parse import urlsplit

import segno
import streamlit as st

from lora_viz.report.link import address_of
from lora_viz.ui.session import state
from lora_viz.ui.session.short_links import SHORT

IN_SESSION = "short-link"  # the last one that was made, with what it stands for
LONGEST_AS_PICTURE = 300  # characters; a longer address makes a picture too fine for a camera
ONLY_HERE = ("localhost", "127.0.0.1", "::1")


def short_address() -> str:
    """The short one, if it was asked for and stands for what is chosen now; "" if not."""
    kept, word = st.session_state.get(IN_SESSION, (None, ""))
    if kept != state.parameters_for_others():
        return ""
    return address_of(st.context.url or "", {SHORT: word})


def is_of_this_machine_alone() -> bool:
    """Whether nobody else can open the address."""
    return urlsplit(st.context.url or "").hostname in ONLY_HERE


@lru_cache(maxsize=64)
def as_qr_code(address: str) -> bytes:
    """The address as a PNG that a camera reads, black on white."""
    out = BytesIO()
    segno.make(address, error="m", micro=False).save(out, kind="png", scale=10, border=3)
    return out.getvalue()
