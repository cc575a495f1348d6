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
from lora_viz.ui.take_home.page_scripts import apply_page_scripts
from lora_viz.ui.tour import guide
from lora_viz.ui.tour.bar import guided

state.begin_run()
page = choose_page()
name = guide.arrive(page)
state.write_link()
st.set_page_config(
    page_title=f"{page.title} · LoRA Viz",
    page_icon="❄",
    layout="wide",
    initial_sidebar_state=260,
)
st.logo(str(Path(__file__).parent / "static/logo.svg"), size="large")
apply_style()
apply_page_scripts(page.title)
keep_settings_in_links()
if not st.context.is_embedded:
    sidebar()
with state.complaints() as sentences:
    show_complaints(sentences)
    if name != "glossary":  # where every word would be marked
        explain_terms()
    with guided(name):
        run_with_end(page.run, page_list.page(name))
page_is_drawn()
