"""What turns a view on stage: arrow keys, the keys that clickers send, and a swipe."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from streamlit.components.v2 import component

ASSETS = Path(__file__).parent / "keys_assets"
KEY = "stage-keys"
SCRIPTS = ("keys.js", "fit.js")  # one module, in this order


def listen_on_stage(**on_press: Callable[[], None]) -> None:
    """Call back, as `on_pressed_change`, with "next", "back" or "leave" in the state.

    A slider, a menu or a text that has the focus keeps its arrow keys.
    """
    _component()(key=KEY, **on_press)


@cache
def _component() -> Any:
    scripts = ((ASSETS / name).read_text(encoding="utf-8") for name in SCRIPTS)
    return component("stage_keys", html="<span></span>", js="\n".join(scripts))
