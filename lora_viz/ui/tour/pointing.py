"""The outline round the part of a page that a tour points out, by the keys that the parts have."""

from __future__ import annotations

import streamlit as st

from lora_viz.tours.tour import Part

PLACES: dict[Part, str] = {
    "headline": '[data-testid="stMain"] [data-testid="stHeading"]:has(h1)',
    "picture": ".st-key-area-picture",
    "number": ".st-key-key-number",
    "controls": ".st-key-area-controls",
    "side": ".st-key-area-side",
    "tabs": '[data-testid="stMain"] [data-testid="stTabs"]',
    "sidebar": '[data-testid="stSidebarContent"]',
}
OUTLINE = (
    "outline: 2px solid currentColor; outline-offset: 4px; "
    "border-radius: var(--tour-radius, 0.875rem);"
)


def point_at(part: Part) -> None:
    """Outline a part; in the ink of the words, as each other colour has a meaning."""
    st.html(f"<style>{PLACES[part]} {{ {OUTLINE} }}</style>")
