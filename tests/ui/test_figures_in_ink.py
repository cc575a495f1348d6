"""Charts as pages draw them: unchecked, in the reader's ink, with a library of the server's."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import plotly.graph_objects as go
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from lora_viz.figures.kit import base
from lora_viz.figures.kit.colours import GROUND, INK, contrast_of
from lora_viz.figures.kit.heat_maps import heat_map_drawing
from lora_viz.ui.charts import chart as charts
from lora_viz.ui.charts.theme import in_ink
from lora_viz.ui.serving.plotly_library import ADDRESS, library_route
from lora_viz.ui.training_process import player


def _drawing() -> base.Drawing:
    drawing = base.Drawing(height=200)
    drawing.add_bar(x=[1, 2], y=[3, 4])
    drawing.add_heatmap(z=[[1, 2], [3, 4]])
    drawing.add_shape(type="line", x0=0, x1=1, y0=0, y1=1)
    base.add_words(drawing, "words", (1, 2), size=12)
    drawing.update_xaxes(title={"text": "x"})
    drawing.add_frame("0", {0: {"y": [4, 3]}})
    return drawing


def _without_none(value: Any) -> Any:
    """Without properties that are None: browsers take them as not given, the check drops them."""
    if isinstance(value, dict):
        return {name: _without_none(one) for name, one in value.items() if one is not None}
    return [*map(_without_none, value)] if isinstance(value, list | tuple) else value


def test_an_unchecked_figure_is_the_one_that_plotly_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    checked = _drawing().figure().to_dict()
    monkeypatch.setattr(base, "PLOTLY_CHECKS", False)
    unchecked = _drawing().figure().to_dict()
    assert unchecked["layout"].pop("template") == "none"  # a name that only the check looks up
    del checked["layout"]["template"]
    assert _without_none(unchecked) == _without_none(checked)


def test_figures_take_the_ink_of_either_theme_unchecked_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(base, "PLOTLY_CHECKS", False)
    for theme in ("light", "dark"):
        layout = json.loads(in_ink(_drawing().figure(), theme).to_json() or "")["layout"]
        assert layout["font"]["color"] == INK[theme] and layout["font"]["size"] == 14
        assert layout["paper_bgcolor"] == GROUND[theme]


def test_heat_maps_take_the_colours_of_either_theme(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "PLOTLY_CHECKS", False)
    remembered = heat_map_drawing(200).figure()
    for theme in ("light", "dark", "light"):
        layout = json.loads(in_ink(remembered, theme).to_json() or "")["layout"]
        middle = [shade for _place, shade in layout["colorscale"]["diverging"]][4:6]
        for shade in middle:
            assert contrast_of(shade, GROUND[theme]) < 2
    assert "colorscale" not in in_ink(_drawing().figure(), "dark").to_dict()["layout"]


def test_a_remembered_figure_is_not_changed_for_readers_of_either_theme(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    story: Any = object()
    monkeypatch.setattr(player, "story_figure", lambda _story: _drawing().figure())
    player._story_figure.cache_clear()
    figures = {theme: player._story_figure(story, "en", theme) for theme in ("light", "dark")}
    assert figures["light"] is not figures["dark"]

    def refuse(*_given: Any) -> None:
        raise AssertionError("a figure of all readers is changed")

    monkeypatch.setattr(go.Figure, "__setitem__", refuse)

    def draw(theme: str) -> bool:
        remembered = player._story_figure(story, "en", theme)
        shown = json.loads(in_ink(remembered, theme).to_json() or "")
        return remembered is figures[theme] and shown["layout"]["font"]["color"] == INK[theme]

    with ThreadPoolExecutor(2) as readers:
        assert all(readers.map(draw, ("light", "dark") * 10))
    player._story_figure.cache_clear()


def test_charts_find_plotly_on_the_server() -> None:
    answer = TestClient(Starlette(routes=[library_route()])).get(ADDRESS)
    assert answer.status_code == 200 and "javascript" in answer.headers["content-type"]
    assert answer.headers["cache-control"] == "max-age=86400"
    assert answer.text.lstrip().startswith("/**") and "Plotly" in answer.text
    assert "data.library" in (charts.ASSETS / "chart.js").read_text(encoding="utf-8")


def test_a_chart_names_the_library_and_carries_both_shapes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(charts, "_component", lambda: lambda **how: given.update(how))
    charts.chart(_drawing().figure(), "curves", "Curves", narrow=_drawing().figure())
    assert given["data"]["library"] == ADDRESS and given["data"]["label"] == "Curves"
    assert given["data"]["figures"].keys() == {"wide", "narrow"}
    for figure in given["data"]["figures"].values():
        assert json.loads(figure)["layout"]["font"]["color"] == INK["light"]
    charts.chart(_drawing().figure(), "bars", "Bars")
    assert given["data"]["figures"].keys() == {"wide"}
