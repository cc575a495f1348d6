"""LoRA Viz, the application: page settings, navigation, and the sidebar that all pages share."""

import streamlit as st

from lora_viz.i18n import _
from lora_viz.ui import state
from lora_viz.ui.page import show_complaints
from lora_viz.ui.sidebar import sidebar
from lora_viz.ui.style import apply_style

st.set_page_config(page_title="LoRA Viz", page_icon="❄", layout="wide", initial_sidebar_state=260)
st.logo("static/logo.svg", size="large")
state.begin_run()

page = st.navigation(
    {
        _("Understand"): [
            st.Page("pages/understand/start.py", title=_("Start"), default=True),
            st.Page(
                "pages/understand/full_or_lora.py", title=_("Full or LoRA"), url_path="full-or-lora"
            ),
            st.Page(
                "pages/understand/decomposition.py",
                title=_("Decomposition"),
                url_path="decomposition",
            ),
        ],
        _("Count"): [
            st.Page("pages/count/parameters.py", title=_("Parameters"), url_path="parameters"),
            st.Page("pages/count/checkpoints.py", title=_("Checkpoints"), url_path="checkpoints"),
        ],
    },
    position="hidden" if st.context.is_embedded else "sidebar",
)
apply_style()
if not st.context.is_embedded:
    sidebar()
show_complaints()
page.run()
