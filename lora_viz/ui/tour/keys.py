"""The keys of a tour, which a small script listens for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from streamlit.components.v2 import component

ASSETS = Path(__file__).parent / "keys_assets"
KEY = "tour-keys"
HTML = '<p class="status" role="status" aria-live="polite"></p>\n'


def listen(status: str, **on_press: Callable[[], None]) -> None:
    """Call back when n, p or t is hit where nobody types; what it means is in the state.

    Args:
        status: what a screen reader says when it changes.
        on_press: the callback, as `on_pressed_change`.
    """
    _component()(
        key=KEY,
        data={"status": status},
        **on_press,
    )


@cache
def _component() -> Any:
    return component(
        "tour_keys",
        html=HTML,
        css=(ASSETS / "keys.css").read_text(encoding="utf-8"),
        js=(ASSETS / "keys.js").read_text(encoding="utf-8"),
    )
