"""LoRA Viz, the application: page settings, navigation, and the sidebar that all pages share.

Streamlit runs this for every page, once for every change that a reader makes.
"""

from pathlib import Path

import streamlit as st

from lora_viz.ui import page_list
from lora_viz.ui.glossary.marks import explain_terms
from lora_viz.ui.kit.page import show_complaints
from lora_viz.ui.kit.style import apply_style
from lora_viz.ui.navigation import choose_page, keep_settings_in_links
from lora_viz.ui.page_end.end import run_with_end
from lora_viz.ui.serving.warming import page_is_drawn
from lora_viz.ui.session import state
from lora_viz.ui.sidebar import sidebar
from lora_viz.ui.stage import stage
from lora_viz.ui.stage.hidden import hide
from lora_viz.ui.stage.notes import follow_stage
from lora_viz.ui.take_home.page_scripts import apply_page_scripts
from lora_viz.ui.tour import guide
from lora_viz.ui.tour.bar import guided


def draw_page(page: st.Page, name: str) -> None:
    """The page with what stands around it: a tour, the stage, its end."""
    if name != "glossary":  # where every word would be marked
        explain_terms()
    if view.stage:
        stage.set_stage(name)
    with guided(name):
        run_with_end(page.run, page_list.page(name))
    if view.stage:
        stage.bar(name)


state.begin_run()
page = choose_page()
stage.turn_the_page()
name = guide.arrive(page)
state.write_link()
view = state.view()
st.set_page_config(
    page_title=f"{page.title} · LoRA Viz",
    page_icon="❄",
    layout="wide",
    initial_sidebar_state=260,
)
apply_style()
apply_page_scripts(page.title)
keep_settings_in_links()
hide(view.hide)
if not (st.context.is_embedded or view.stage or view.notes):
    st.logo(str(Path(__file__).parent / "static/logo.svg"), size="large")
    sidebar()
with state.complaints() as sentences:
    show_complaints(sentences)
    if view.notes:
        follow_stage()
    else:
        draw_page(page, name)
page_is_drawn()
