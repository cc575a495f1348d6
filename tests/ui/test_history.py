"""Back and Forward bring back what was set, and nothing else does."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from lora_viz.ui.session import state
from tests.application import opened


@pytest.fixture
def app() -> AppTest:
    """A page on which the rank was moved from 8 to 16 to 32."""
    app = opened("compare", model="tiny-gpt2")
    for rank in (16, 32):
        app.number_input(key="sidebar:rank").set_value(rank).run()
    return app


def go_back(app: AppTest, monkeypatch: pytest.MonkeyPatch, **link: str) -> AppTest:
    """What the browser's button Back makes of an address: a run with its older query."""
    with monkeypatch.context() as patch:
        patch.setattr(state, "_came_by_history", lambda: True)
        app.query_params.clear()
        for name, value in link.items():
            app.query_params[name] = value
        return app.run()


def test_back_undoes_one_setting(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    go_back(app, monkeypatch, model="tiny-gpt2", rank="16")
    assert app.number_input(key="sidebar:rank").value == 16
    go_back(app, monkeypatch, model="tiny-gpt2")
    assert app.number_input(key="sidebar:rank").value == 8
    go_back(app, monkeypatch, model="tiny-gpt2", rank="32")
    assert app.number_input(key="sidebar:rank").value == 32


def test_an_old_address_alone_undoes_nothing(app: AppTest) -> None:
    app.query_params["rank"] = "16"  # the browser has not heard of the newest yet
    app.run()
    assert app.session_state["scenario"].rank == 32


def test_a_link_that_this_session_never_wrote_is_read(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_back(app, monkeypatch, model="tiny-gpt2", rank="4", alpha="wrong")
    assert app.session_state["scenario"].rank == 4
    assert len(app.warning) == 1


def test_what_fits_no_link_comes_back_too(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    app.session_state["training"] = app.session_state["training"].changed(data_file="/my/texts.txt")
    app.run()
    app.number_input(key="sidebar:rank").set_value(64).run()
    app.session_state["training"] = app.session_state["training"].changed(data_file="")
    go_back(app, monkeypatch, model="tiny-gpt2", rank="32")
    assert app.session_state["training"].data_file == "/my/texts.txt"


def test_how_far_back_is_bounded(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "MOST_VISITED", 3)
    for rank in range(1, 6):
        app.number_input(key="sidebar:rank").set_value(rank).run()
    assert len(app.session_state[state.VISITED]) == 3
