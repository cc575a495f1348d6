"""Keys that mean something on a whole page, and a swipe, which a small script listens for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2 import component

ASSETS = Path(__file__).parent / "keyboard_assets"
HTML = '<p class="status" role="status" aria-live="polite"></p>\n'
# where a reader types or chooses, whatever is listened for
TAKES_KEYS = (
    "textarea",
    "select",
    "dialog",
    "[contenteditable]:not([contenteditable=false])",
    *(f"[role={role}]" for role in ("textbox", "combobox", "listbox", "menu", "grid")),
)


@dataclass(frozen=True)
class Keys:
    """What keys mean, by their names in a browser; a letter in lower case, also by its place.

    `anywhere` has those that mean something wherever the focus is. The others do not where it is
    within one of `taken_by`, CSS selectors, or of `TAKES_KEYS`.
    """

    meanings: Mapping[str, str]
    taken_by: Sequence[str]
    anywhere: Mapping[str, str] = field(default_factory=dict)
    swipes: Mapping[str, str] = field(default_factory=dict)  # by "left" and "right"


def listen(keys: Keys, key: str, *, on_press: Callable[[str], None], spoken: str = "") -> None:
    """Call back with what was meant.

    Args:
        keys: what is listened for.
        key: this listener's own; the page's style hides the element that it gives a class to.
        on_press: the callback.
        spoken: what a screen reader says when it changes.
    """
    _component()(
        key=key,
        data=asdict(keys)
        | {"taken_by": ", ".join((*TAKES_KEYS, *keys.taken_by)), "spoken": spoken},
        on_pressed_change=lambda: on_press(st.session_state[key].pressed),
    )


@cache
def _component() -> Any:
    return component(
        "keyboard",
        html=HTML,
        css=(ASSETS / "keyboard.css").read_text(encoding="utf-8"),
        js=(ASSETS / "keyboard.js").read_text(encoding="utf-8"),
    )
