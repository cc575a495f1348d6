"""The training process page: the document's four epochs, exp(loss), and nothing measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

APP = Path(__file__).parents[2] / "app.py"


def open_page(**query: str) -> AppTest:
    """The training process page of a link."""
    app = AppTest.from_file(APP, default_timeout=60)
    for name, value in query.items():
        app.query_params[name.replace("_", "-")] = value
    app.run()
    return app.switch_page("pages/train/training_process.py").run()


def words_of(app: AppTest) -> str:
    """All prose of the page, on one line."""
    assert not app.exception
    assert not app.error
    elements = (*app.markdown, *app.caption, *app.latex)
    return " ".join(element.value for element in elements)


def notes(app: AppTest, number: int) -> str:
    """Every word in a chart."""
    layout = json.loads(app.get("plotly_chart")[number].proto.spec)["layout"]
    return " ".join(note["text"] for note in layout["annotations"])


def test_the_document_s_epochs_beside_exp_of_the_loss() -> None:
    app = open_page()
    words = words_of(app)
    assert '<div class="key-number">14.30</div>' in words
    assert "9.08 belongs to a loss of 2.206, not of 2.66" in words
    assert "Quoted from the document" in words
    assert "no run yet" in words
    assert "B is zero only before the first optimizer step" in words
    for part in ("Epoch 20: almost perfect", "Loss: 0.32", "Perplexity: 1.05", "exp(loss): 1.38"):
        assert part in notes(app, 0)
    for number in ("14.30", "3.13", "1.80", "1.38", "9.08", "3.12", "1.67", "1.05"):
        assert number in notes(app, 1)


def test_the_epochs_can_be_stepped_through() -> None:
    app = open_page()
    app.button_group(key="page:epoch").set_value("5").run()
    words = words_of(app)
    assert '<div class="key-number">3.13</div>' in words
    assert "they agree" in words


def test_a_link_opens_an_epoch() -> None:
    assert '<div class="key-number">1.38</div>' in words_of(open_page(epoch="20"))


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({}, "124,439,808 values of your model stay. Only B and A 🔥 learn: 294,912 and 147,456"),
        ({"rank": "16"}, "589,824 and 294,912 values at r = 16"),
        ({"method": "full"}, "which trains W itself"),
    ],
    ids=str,
)
def test_the_scenario_s_counts(query: dict[str, str], sentence: str) -> None:
    assert sentence in words_of(open_page(**query))


def test_the_table_holds_every_epoch() -> None:
    table = open_page().dataframe[0].value
    assert list(table["Epoch"]) == [1, 5, 10, 20]
    assert list(table["Agree"]) == [False, True, False, False]
