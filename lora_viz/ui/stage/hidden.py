"""What a link leaves out of a page, as `?hide=sidebar,tabs,rank` does for a lesson."""

from __future__ import annotations

import streamlit as st

from lora_viz.choices.scenario import Scenario
from lora_viz.training.settings import TrainingSettings
from lora_viz.ui.session.view import PARTS_TO_HIDE, View

# the parts by the keys that `ui/kit/page.py` and Streamlit give them
PLACES = {
    "sidebar": '[data-testid="stSidebar"], [data-testid="stSidebarCollapsedControl"]',
    "navigation": '[data-testid="stTopNav"], [data-testid="stSidebarNav"]',
    "controls": '[class*="st-key-area-controls"]',
    "number": '[class*="st-key-key-number"]',
    "side": '[class*="st-key-area-side"]',
    "tabs": '[data-testid="stMain"] [data-testid="stTabs"]',
    "end": ".st-key-page-end",
}


def places_of(names: tuple[str, ...]) -> list[str]:
    """CSS selectors of parts, and of all controls of a setting by its name in links."""
    fields = {
        short: field
        for owner in (Scenario, View, TrainingSettings)
        for short, field in owner.fields_by_short_name().items()
    }
    found = [PLACES[name] for name in names if name in PARTS_TO_HIDE]
    of_settings = [fields.get(name, name) for name in names if name not in PARTS_TO_HIDE]
    return found + [
        f".st-key-{place}-{field}" for field in of_settings for place in ("page", "sidebar")
    ]


def hide(names: tuple[str, ...]) -> None:
    """Leave these parts and settings out of the page."""
    if names:
        st.html(f"<style>{', '.join(places_of(names))} {{ display: none; }}</style>")
