"""What a chart says of other ranks, put into its figure, is the figure at those ranks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from lora_viz.figures.decomposition_shapes import decomposition_figure
from lora_viz.questions import kept
from lora_viz.ui.charts import by_rank
from lora_viz.ui.charts.by_rank import differences
from lora_viz.ui.serving.later import later_route
from tests.application import charts, given_charts, opened

RANKS = (1, 8, 64, 512)  # with and without a magnifier, whose traces come and go
PAGES = ("decomposition", "full_or_lora", "parameters", "rank", "checkpoints", "summary")


def put_in(
    figure: dict[str, Any], changes: list[Any], place: int, numbers: Sequence[int]
) -> dict[str, Any]:
    """The figure at another rank, as a browser makes it."""
    made = deepcopy(figure)
    for path, values in changes:
        owner = made
        for key in path[:-1]:
            owner = owner[key]
        is_line = isinstance(values, dict)
        value = values["at0"] + values["each"] * numbers[place] if is_line else values[place]
        if isinstance(owner, list) and path[-1] >= len(owner):
            owner.append(value)
        else:
            owner[path[-1]] = value
    lists = [(made, "data"), (made["layout"], "annotations"), (made["layout"], "shapes")]
    for owner, name in lists:
        if name in owner:
            owner[name] = [one for one in owner[name] if one is not None]
    return made


@pytest.mark.parametrize("start", range(len(RANKS)))
def test_changes_make_the_figure_of_every_rank(start: int) -> None:
    texts = [decomposition_figure(768, 768, rank, 4).to_json() or "" for rank in RANKS]
    figures = [json.loads(text) for text in texts]
    changes = differences(figures, RANKS)
    for place, figure in enumerate(figures):
        made = put_in(figures[start], changes, place, RANKS)
        assert _rounded(made) == _rounded(figure)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_gives_its_pictures_at_another_rank(
    page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_8 = opened(page, rank=8, language="ko")
    at_64 = [_rounded(figure) for figure in charts(opened(page, rank=64, language="ko"))]

    def refuse(_question: object) -> None:
        raise AssertionError("a picture at another rank asks for something")

    monkeypatch.setattr(kept, "known", refuse)
    monkeypatch.setattr(kept, "ask", refuse)
    for given, figure, other in zip(given_charts(at_8), charts(at_8), at_64, strict=True):
        if given["byRank"]:
            asked = _asked(given["byRank"]["address"])
            place = asked["ranks"].index("64")
            made = put_in(figure, asked["changes"], place, asked["numbers"])
            assert _rounded(made) == other


@pytest.mark.parametrize("page", PAGES)
def test_a_page_draws_its_pictures_at_no_other_rank(
    page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_given: object) -> None:
        raise AssertionError("a page's run draws what nobody has asked for")

    monkeypatch.setattr(by_rank, "work_out", refuse)
    assert any(one["byRank"] for one in given_charts(opened(page)))


def test_what_was_asked_holds_until_something_but_the_rank_is_changed() -> None:
    app = opened("full_or_lora", rank=8)
    first = _addresses(app)
    assert _addresses(app.run()) == first
    for address in first:
        _asked(address)
    app.select_slider(key="page:rank").set_value(16).run()
    assert _addresses(app) == first
    app.number_input(key="page:rank:any").set_value(20).run()
    assert not {*_addresses(app)} & {*first}
    app.select_slider(key="page:rank").set_value(16).run()
    app.toggle(key="page:count_frozen").set_value(True).run()
    assert _addresses(app)[-1] != first[-1]


def _addresses(app: AppTest) -> list[str]:
    return [one["byRank"]["address"] for one in given_charts(app)]


def _asked(address: str) -> Any:
    """What a browser is told at an address."""
    answer = TestClient(Starlette(routes=[later_route()])).get(address)
    assert answer.status_code == 200
    return answer.json()


def _rounded(value: Any) -> Any:
    """Plain data, its numbers up to their last digits."""
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    if isinstance(value, list):
        return [*map(_rounded, value)]
    return round(value, 9) if isinstance(value, float) else value
