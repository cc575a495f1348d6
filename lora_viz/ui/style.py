"""The few rules of style that Streamlit's theme has no setting for."""

from __future__ import annotations

import streamlit as st

STYLE = """<style>
.key-number {
  font-family: "JetBrains Mono NL", monospace; font-size: 2.4rem;
  font-weight: 700; line-height: 1.1;
}
.key-meaning { opacity: 0.75; line-height: 1.4; margin: 0.3rem 0 1rem; }
[data-testid="stMainBlockContainer"] { padding-top: 3.4rem; padding-bottom: 2rem; }
[data-testid="stHeader"] { background: transparent; }
[data-testid="stMain"] h1 { font-size: 1.9rem; padding: 0; margin-top: -0.6rem; }
.katex-display { overflow-x: auto; overflow-y: hidden; }
</style>"""


def apply_style() -> None:
    """Add the rules to the page."""
    st.html(STYLE)
