"""What a link leaves out of a page, as `?hide=sidebar,tabs,rank` does for a lesson."""

from __future__ import annotations

import streamlit as st

from lora_viz.choices.scenario import Scenario
from lora_viz.i18n import _
from lora_viz.training.settings import TrainingSettings
from lora_viz.ui.kit.messages import show_warning
from lora_viz.ui.session.view import View

# the parts by the keys that `ui/kit/page.py` and Streamlit give them
PLACES: dict[str, str] = {
    "sidebar": '[data-testid="stSidebar"], [data-testid="stSidebarCollapsedControl"]',
    "navigation": '[data-testid="stTopNav"], [data-testid="stSidebarNav"]',
    "controls": '[class*="st-key-area-controls"]',
    "number": '[class*="st-key-key-number"]',
    "side": '[class*="st-key-area-side"]',
    "tabs": '[data-testid="stMain"] [data-testid="stTabs"]',
    "end": ".st-key-page-end",
}


def hide(names: tuple[str, ...]) -> None:
    """Leave these parts and settings out of the page, and say which of them there are not."""
    if unknown := [name for name in names if not places_of((name,))]:
        show_warning(
            _("There is no part of a page and no setting “%s” to leave out.") % ", ".join(unknown)
        )
    if places := places_of(names):
        st.html(f"<style>{', '.join(places)} {{ display: none; }}</style>")


def places_of(names: tuple[str, ...]) -> list[str]:
    """CSS selectors of parts, and of all controls of a setting by its name in links."""
    fields = {
        short: field
        for owner in (Scenario, View, TrainingSettings)
        for short, field in owner.fields_by_short_name().items()
    }
    parts = [PLACES[name] for name in names if name in PLACES]
    settings = [fields[name] for name in names if name in fields]
    return parts + [
        f".st-key-{place}-{field}" for field in settings for place in ("page", "sidebar")
    ]
