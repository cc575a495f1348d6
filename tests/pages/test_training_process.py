"""The training process page: a run's snapshots, the explainer's four epochs, exp(loss)."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lora_viz.training.runs.shipped import recorded_lora_run
from tests.application import charts, opened


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new, empty folder of runs."""
    monkeypatch.setenv("LORA_VIZ_RUNS", str(tmp_path))
    return tmp_path


open_page = partial(opened, "training_process")


def words_of(app: AppTest) -> str:
    """All prose of the page, on one line."""
    assert not app.exception
    assert not app.error
    elements = (*app.markdown, *app.caption, *app.latex)
    return " ".join(element.value for element in elements)


def chart(app: AppTest, number: int) -> dict[str, Any]:
    """One chart of the page as plain data; the run's is the first."""
    return charts(app)[number]


def notes(app: AppTest, number: int) -> str:
    """Every word in a chart."""
    return " ".join(note["text"] for note in chart(app, number)["layout"]["annotations"])


def test_the_recorded_run_is_played_and_said_to_be_recorded() -> None:
    app = open_page()
    words = words_of(app)
    assert "A shipped run, which comes with the app" in words
    assert "SHA-256 is the same in all 16 snapshots" in words
    assert "in 16 snapshots; r = 8" in words
    figure = chart(app, 0)
    assert [frame["name"] for frame in figure["frames"]] == [str(10 * n) for n in range(16)]
    steps = [step["label"] for step in figure["layout"]["sliders"][0]["steps"]]
    assert steps == [frame["name"] for frame in figure["frames"]]
    assert "r = 8" in notes(app, 0)
    opened = next(one["y"] for one in figure["data"] if one["type"] == "bar")
    assert all(height > 0 for height in opened[:8])
    assert figure["layout"]["sliders"][0]["active"] == 15
    for frame in figure["frames"]:
        heights = next(one["y"] for one in frame["data"] if one["type"] == "bar")
        assert all(height < 1e-3 for height in heights[8:])
    table = app.dataframe[0].value
    assert max(table["Singular values of ΔW"].tolist()) == 8
    assert len(set(table["W’s SHA-256"])) == 1


def test_the_reader_s_own_run_comes_first(runs: Path) -> None:
    shutil.copytree(recorded_lora_run().path, runs / "mine")
    app = open_page()
    assert "Your run “mine”" in words_of(app)
    app.selectbox(key="page:told_layer").set_value("transformer.h.3.attn.c_proj").run()
    assert not app.exception
    assert "128×128" in notes(app, 0)
    app.selectbox(key="page:told_run").set_value("~lora").run()
    assert "A shipped run" in words_of(app)


def test_a_run_that_cannot_be_told_gives_way_to_the_recorded_one(runs: Path) -> None:
    shutil.copytree(recorded_lora_run().path, runs / "damaged")
    (runs / "damaged" / "snapshots" / "step-000150.safetensors").write_bytes(b"no tensors")
    app = open_page()
    assert (
        "A snapshot of “damaged” cannot be read: snapshots/step-000150.safetensors holds"
        in app.warning[0].value
    )
    assert "A shipped run" in words_of(app)


def test_the_explainer_s_epochs_beside_exp_of_the_loss() -> None:
    app = open_page()
    words = words_of(app)
    assert '<div class="key-number">14.30</div>' in words
    assert "9.08 belongs to a loss of 2.206, not of 2.66" in words
    assert "Quoted from the explainer" in words
    assert "B is zero only before the first optimizer step" in words
    for part in ("Epoch 20: almost perfect", "Loss: 0.32", "Perplexity: 1.05", "exp(loss): 1.38"):
        assert part in notes(app, 1)
    for number in ("14.30", "3.13", "1.80", "1.38", "9.08", "3.12", "1.67", "1.05"):
        assert number in notes(app, 2)


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
    table = open_page().dataframe[1].value
    assert list(table["Epoch"]) == [1, 5, 10, 20]
    assert list(table["Agree"]) == [False, True, False, False]
