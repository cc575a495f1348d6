"""The server: `streamlit run serve.py` serves `app.py` with the hooks of `lora_viz.ui.server`."""

import streamlit as st
from starlette.middleware import Middleware

from lora_viz.ui.plotly_library import library_route
from lora_viz.ui.reader import ReaderCookie
from lora_viz.ui.server import SecurityHeaders, explain_script_error, lifespan

app = st.App(
    "app.py",
    lifespan=lifespan,
    routes=[library_route()],
    middleware=[Middleware(SecurityHeaders), Middleware(ReaderCookie)],
    on_script_error=explain_script_error,
)
