"""How a page stops where it has nothing more to say."""

from __future__ import annotations

from typing import NoReturn

from streamlit.runtime.scriptrunner import StopException


def stop_page() -> NoReturn:
    """End the page here; what stands below every page is still drawn.

    In place of `st.stop`, after which Streamlit draws nothing more in this run, whoever asks.
    """
    raise StopException
