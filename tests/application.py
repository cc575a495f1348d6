"""The application for tests that run it without a browser."""

from __future__ import annotations

from typing import Any

from streamlit.testing.v1 import AppTest

from lora_viz.ui.page_list import file_of
from lora_viz.ui.serving.server import SCRIPT

__all__ = ["SCRIPT", "file_of", "followed", "opened"]
PATIENCE_SECONDS = 120  # answers come from workers, on a busy machine too


def followed(query: dict[str, Any]) -> AppTest:
    """The application as a fresh reader sees it first who follows a link with these parameters.

    AppTest writes an address as UTF-8, in which a lone surrogate cannot stand.
    """
    app = AppTest.from_file(SCRIPT, default_timeout=PATIENCE_SECONDS)
    for name, value in query.items():
        app.query_params[name] = str(value).encode("utf-8", "replace").decode()
    return app.run()


def opened(page: str = "", **settings: Any) -> AppTest:
    """A page by its name, as a fresh reader sees it whose link holds these settings.

    A setting is called as in links, with `_` for `-`. Nothing may have gone wrong unexpectedly.
    """
    app = followed({name.replace("_", "-"): value for name, value in settings.items()})
    if page:
        app.switch_page(file_of(page)).run()
    assert not app.exception, app.exception[0].message
    return app
