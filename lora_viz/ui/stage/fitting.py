"""The size of a picture on stage: as large as the window lets it be."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from streamlit.components.v2 import component

SCRIPT = Path(__file__).parent / "fitting_assets" / "fitting.js"


def fit_pictures() -> None:
    """Draw the charts of the picture as large as they fit the window."""
    _component()(key="stage-fitting")


@cache
def _component() -> Any:
    return component("stage_fitting", html="<span></span>", js=SCRIPT.read_text(encoding="utf-8"))
