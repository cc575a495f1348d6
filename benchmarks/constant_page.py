"""The page that a rerun is compared with: it computes nothing and draws what was recorded.

Its folder holds the pages in `RECORDING`: a pickled dictionary of `RecordedPage` by the page's
path and the rank.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from benchmarks._recorded import MOVED_RANK, Call, RecordedPage
from lora_viz.ui.kit.style import apply_style

RECORDING = "pages.pickle"
SCRIPT = "from benchmarks.constant_page import draw\n\ndraw()\n"


def draw() -> None:
    """Draw the page that `?page=…` names at the rank that its sidebar shows."""
    st.set_page_config(layout="wide", initial_sidebar_state=260)
    apply_style()
    ranks = _recording()[st.query_params["page"]]
    page = ranks[st.session_state.get(MOVED_RANK, min(ranks))]
    _navigation(page)
    _draw(page.sidebar, st.sidebar)
    _draw(page.main, st.container())


def _navigation(page: RecordedPage) -> None:
    st.navigation(
        {
            section: [
                st.Page(_nothing, title=title, url_path=path, default=not path)
                for title, path in links
            ]
            for section, links in page.navigation.items()
        },
        expanded=True,
    )


def _nothing() -> None:
    """What a page of the navigation draws: only the one that is open is recorded."""


@st.cache_resource
def _recording() -> dict[str, dict[int, RecordedPage]]:
    return pickle.loads(Path(RECORDING).read_bytes())


def _draw(calls: Iterable[Call], place: DeltaGenerator) -> None:
    for call in calls:
        if call.value is not None:
            st.session_state[call.arguments["key"]] = call.value
        _draw(call.inside, getattr(place, call.method)(**call.arguments))
