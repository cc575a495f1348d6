"""LoRA Viz: `streamlit run app.py` serves the script of `lora_viz.ui` with its hooks."""

import streamlit as st
from starlette.middleware import Middleware

from lora_viz.ui.serving.environment import need_right_environment
from lora_viz.ui.serving.history import HistoryScript
from lora_viz.ui.serving.later import later_route
from lora_viz.ui.serving.plotly_library import library_route
from lora_viz.ui.serving.reader import ReaderCookie
from lora_viz.ui.serving.server import (
    SCRIPT,
    SecurityHeaders,
    explain_script_error,
    lifespan,
)
from lora_viz.ui.take_home.page_scripts import script_route

need_right_environment()
app = st.App(
    SCRIPT,
    lifespan=lifespan,
    routes=[library_route(), script_route(), later_route()],
    middleware=[Middleware(SecurityHeaders), Middleware(ReaderCookie), Middleware(HistoryScript)],
    on_script_error=explain_script_error,
)
