"""The application for tests that run it without a browser."""

from __future__ import annotations

import json
from typing import Any

from streamlit.testing.v1 import AppTest

from lora_viz.ui import page_list
from lora_viz.ui.charts.chart import COMPONENT
from lora_viz.ui.page_list import file_of
from lora_viz.ui.serving.server import SCRIPT

__all__ = ["SCRIPT", "charts", "file_of", "followed", "given_charts", "opened"]
PATIENCE_SECONDS = 120  # answers come from workers, on a busy machine too


def followed(query: dict[str, Any], page: str = "") -> AppTest:
    """A page by its name, or the first, as a fresh reader sees it whose link has these parameters.

    AppTest writes an address as UTF-8, in which a lone surrogate cannot stand. Before a first run
    it takes a file's name for the page's address.
    """
    app = AppTest.from_file(SCRIPT, default_timeout=PATIENCE_SECONDS)
    for name, value in query.items():
        app.query_params[name] = str(value).encode("utf-8", "replace").decode()
    if page and page_list.page(page).address != page:
        app.run()
    return app.switch_page(file_of(page)).run() if page else app.run()


def opened(page: str = "", **settings: Any) -> AppTest:
    """A page, as `followed` opens it, on which nothing has gone wrong unexpectedly.

    A setting is called as in links, with `_` for `-`.
    """
    query = {name.replace("_", "-"): value for name, value in settings.items()}
    app = followed(query, page)
    assert not app.exception, app.exception[0].message
    return app


def charts(app: AppTest) -> list[dict[str, Any]]:
    """The figures of a page's charts as plain data, in the order in which they stand."""
    return [json.loads(one["figures"]["wide"]) for one in given_charts(app)]


def given_charts(app: AppTest) -> list[dict[str, Any]]:
    """What a page's charts were given, in the order in which they stand.

    No chart is without a label for those who do not see it, and none is drawn in another way.
    """
    assert not app.get("plotly_chart")
    protos = (element.proto for element in app.main.get("bidi_component"))
    shown = [_data(proto) for proto in protos if proto.component_name == COMPONENT]
    assert all(one["label"] for one in shown)
    return shown


def _data(proto: Any) -> dict[str, Any]:
    """What a component of ours was given."""
    return json.loads(proto.mixed.json or proto.json)
