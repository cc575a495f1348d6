"""LoRA Viz, the application: page settings, navigation, and the sidebar that all pages share."""

import streamlit as st

from lora_viz.i18n import _
from lora_viz.ui import state
from lora_viz.ui.page import show_complaints
from lora_viz.ui.sidebar import sidebar
from lora_viz.ui.style import apply_style
from lora_viz.ui.warming import page_is_drawn

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
            st.Page(
                "pages/understand/forward_pass.py", title=_("Forward pass"), url_path="forward-pass"
            ),
            st.Page("pages/understand/layer_map.py", title=_("Layer map"), url_path="layer-map"),
        ],
        _("Count"): [
            st.Page("pages/count/parameters.py", title=_("Parameters"), url_path="parameters"),
            st.Page("pages/count/rank.py", title=_("Rank"), url_path="rank"),
            st.Page("pages/count/checkpoints.py", title=_("Checkpoints"), url_path="checkpoints"),
        ],
        _("Train"): [
            st.Page(
                "pages/train/training_process.py",
                title=_("Training process"),
                url_path="training-process",
            ),
        ],
        _("Decide"): [
            st.Page("pages/decide/memory.py", title=_("Memory"), url_path="memory"),
            st.Page("pages/decide/planner.py", title=_("Planner"), url_path="planner"),
            st.Page("pages/decide/compare.py", title=_("Compare"), url_path="compare"),
            st.Page(
                "pages/decide/this_machine.py", title=_("This machine"), url_path="this-machine"
            ),
            st.Page("pages/decide/trust.py", title=_("How far to trust this"), url_path="trust"),
        ],
        _("The document"): [
            st.Page("pages/document/summary.py", title=_("Summary"), url_path="summary"),
            st.Page("pages/document/audit.py", title=_("Audit"), url_path="audit"),
        ],
    },
    position="hidden" if st.context.is_embedded else "sidebar",
    expanded=True,
)
apply_style()
if not st.context.is_embedded:
    sidebar()
show_complaints()
page.run()
page_is_drawn()
