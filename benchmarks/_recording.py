"""What the application draws on a page at one rank, as calls with constants.

Widgets, charts and tables become calls of Streamlit's public methods, our charts among them; texts
and everything else are sent as they are, as the messages that Streamlit made of them.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import plotly.graph_objects as go
import streamlit as st
from streamlit.logger import set_log_level
from streamlit.proto.Block_pb2 import Block as BlockMessage
from streamlit.proto.Element_pb2 import Element as ElementMessage
from streamlit.testing.v1 import AppTest

from benchmarks._recorded import MOVED_RANK, Call, RecordedPage
from lora_viz.ui.charts.chart import COMPONENT
from lora_viz.ui.serving.server import SCRIPT

MOVED_LABEL = "Rank r"
PATIENCE_SECONDS = 300  # answers that are not prepared may come from a busy worker


def record(page: str, rank: int) -> RecordedPage:
    """Run the application without a browser and note what it draws on this page at this rank."""
    set_log_level(logging.ERROR)  # it warns that no browser looks on
    app = AppTest.from_file(SCRIPT, default_timeout=PATIENCE_SECONDS)
    app.query_params["rank"] = str(rank)
    with patch.object(st, "navigation", wraps=st.navigation) as navigation:
        _run(app)
    _run(app.switch_page(page))
    return RecordedPage(
        {
            section: [(link.title, link.url_path) for link in links]
            for section, links in navigation.call_args.args[0].items()
        },
        tuple(_calls(app.sidebar, "sidebar")),
        tuple(_calls(app.main, "main")),
    )


def _run(app: AppTest) -> None:
    app.run()
    if app.exception or app.error:
        raise RuntimeError(f"The application fails: {[*app.exception, *app.error]}")


def _calls(block: Any, place: str) -> Iterator[Call]:
    for number, node in block.children.items():
        key = f"{place}-{number}"
        if hasattr(node, "children"):
            yield _container(node, tuple(_calls(node, key)))
        else:
            if place.startswith("sidebar") and getattr(node, "label", "") == MOVED_LABEL:
                key = MOVED_RANK
            yield _widget(node, key) or _chart_or_table(node, key) or _message(node)


def _container(node: Any, inside: tuple[Call, ...]) -> Call:
    if node.type == "form":  # knows the widgets that are put into it
        return Call("form", {"key": node.proto.form.form_id}, inside=inside)
    message = node.proto
    if not isinstance(message, BlockMessage):  # a column, a tab, an expander
        kinds = BlockMessage.DESCRIPTOR.oneofs_by_name["type"].fields
        kind = next(k.name for k in kinds if k.message_type == message.DESCRIPTOR)
        message = BlockMessage(allow_empty=True, **{kind: message})
    return Call("_block", {"block_proto": message}, inside=inside)


def _widget(node: Any, key: str) -> Call | None:
    """The call that draws the same widget; None if it is none of those that the app has."""
    proto = node.proto
    common = {"key": key, "label": getattr(proto, "label", ""), "help": getattr(proto, "help", "")}
    match node.type:
        case "slider" | "number_input":
            limits = {"min_value": node.min, "max_value": node.max, "step": node.step}
            return Call(node.type, common | limits, node.value)
        case "select_slider":
            return Call(node.type, common | {"options": node.options}, str(node.value))
        case "toggle" | "checkbox":
            return Call(node.type, common, node.value)
        case "button_group":
            options = {"options": [option.content for option in proto.options], "required": True}
            return Call("segmented_control", common | options, proto.raw_values[0])
        case "selectbox":
            return Call("selectbox", common | {"options": list(proto.options)}, proto.raw_value)
        case "multiselect":
            options = {"options": list(proto.options), "accept_new_options": True}
            return Call("multiselect", common | options, list(proto.raw_values))
        case "file_uploader":
            return Call("file_uploader", common)
        case "button":
            return Call("form_submit_button" if proto.is_form_submitter else "button", common)
        case "download_button":
            return Call("download_button", common | {"data": bytes, "on_click": "ignore"})
    return None


def _chart_or_table(node: Any, key: str) -> Call | None:
    if node.type == "bidi_component" and node.proto.component_name == COMPONENT:
        given = json.loads(node.proto.mixed.json or node.proto.json)
        figure = go.Figure(json.loads(given["figures"]["wide"]), skip_invalid=True)
        return Call("plotly_chart", {"figure_or_data": figure, "key": key})
    if node.type == "dataframe":
        columns = json.loads(node.proto.columns or "{}")
        return Call("dataframe", {"data": node.value, "column_config": columns})
    return None


def _message(node: Any) -> Call:
    kinds = ElementMessage.DESCRIPTOR.fields
    kind = next(k.name for k in kinds if k.message_type == node.proto.DESCRIPTOR)
    return Call("_enqueue", {"delta_type": kind, "element_proto": node.proto})
