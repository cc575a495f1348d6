"""The rank page: the explainer's numbers per layer, its guidance as a quotation, the controls."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from lora_viz.training.runs.shipped import RECORDED
from lora_viz.training.sweeps import launch as sweep_launch
from lora_viz.training.sweeps.sweep import Sweep
from tests.application import charts, opened


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new, empty folder of runs."""
    monkeypatch.setenv("LORA_VIZ_RUNS", str(tmp_path))
    return tmp_path


open_page = partial(opened, "rank")


def words_of(app: AppTest) -> str:
    """All prose of the page, on one line."""
    assert not app.exception
    assert not app.error
    elements = (*app.markdown, *app.caption, *app.latex)
    return " ".join(element.value for element in elements)


def chart(app: AppTest, number: int) -> dict[str, Any]:
    """One chart of the page as plain data."""
    return charts(app)[number]


def notes(app: AppTest, number: int) -> str:
    """Every word in a chart."""
    return " ".join(note["text"] for note in chart(app, number)["layout"]["annotations"])


def test_the_explainer_s_numbers() -> None:
    app = open_page()
    words = words_of(app)
    assert "× 12 blocks = 442,368, 0.355" in words
    assert "a judgement, not a measurement" in words
    assert "A shipped sweep, which comes with the app" in words
    for number in ("18,432", "36,864", "73,728", "147,456", "“general (our project)” ★★★★☆"):
        assert number in notes(app, 0)
    assert "break-even of all adapted layers: r = 512" in notes(app, 1)
    assert "your r = 8: 442,368" in notes(app, 1)
    table = app.dataframe[0].value
    assert list(table["r"]) == [1, 4, 8, 16, 32]
    stated = table["The explainer, per layer"]
    assert list(table["Per block"])[1:] == [int(value) for value in stated[1:]]


def test_another_rank_joins_the_list() -> None:
    app = open_page()
    app.number_input(key="page:rank:any").set_value(12).run()
    assert "× 12 blocks = 663,552" in words_of(app)
    assert list(app.dataframe[0].value["r"]) == [1, 4, 8, 12, 16, 32]
    assert "<b>55,296</b>" in notes(app, 0)


def test_other_targets_change_the_cost() -> None:
    assert "67,584" in notes(open_page(targets="c_attn,c_proj"), 0)


def test_the_chart_s_range_can_be_changed() -> None:
    app = open_page()
    assert chart(app, 1)["layout"]["xaxis"]["range"][1] > 512
    app.button_group(key="page:rank_range").set_value("ranks").run()
    assert chart(app, 1)["layout"]["xaxis"]["range"][1] < 40
    assert "outside this range, at r = 512" in words_of(app)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"model": "t5-base"}, "trained parameters in the block decoder.block.0"),
        ({"targets": "wte"}, "trained parameters at r = 8"),
        ({"method": "full"}, "this shows LoRA"),
        ({"rank": "1024"}, "r = 1,024"),
    ],
    ids=str,
)
def test_other_settings(query: dict[str, str], sentence: str) -> None:
    assert sentence in words_of(open_page(**query))


def recorded_losses(rank: str) -> list[float]:
    """The held-out losses of one rank in the files that ship, read without this package."""
    files = RECORDED.glob(f"style-sweep.{rank}.s*/result.json")
    return [json.loads(file.read_text())["held_out"]["after"]["loss"] for file in files]


def test_the_recorded_sweep_beside_full_fine_tuning() -> None:
    app = open_page()
    words = words_of(app)
    assert "each higher rank has a lower held-out loss" in words
    assert "These runs do not show that LoRA always forgets less" in words
    lowest, full = np.median(recorded_losses("r1")), np.median(recorded_losses("full"))
    assert f">{lowest:.2f} → " in words
    assert f"full fine-tuning {full:.2f}" in words
    figure = chart(app, 2)
    assert figure["layout"]["xaxis"]["ticktext"] == ["1", "2", "4", "8", "16", "32", "full"]
    for title in ("Held-out loss", "Forgetting", "Time", "File size"):
        assert title in notes(app, 2)
    assert len(app.dataframe[1].value) == len(list(RECORDED.glob("style-sweep.*/result.json")))


def test_questions_have_an_exact_match_and_are_said_to_be_memorised() -> None:
    app = open_page(sweep="~qa")
    assert "memorisation" in words_of(app)
    assert "Exact match" in notes(app, 2)


def test_the_reader_s_own_sweep_replaces_the_recorded_one(runs: Path) -> None:
    for folder in RECORDED.glob("style-sweep*"):
        if folder.name.endswith(("s0", "sweep")):
            shutil.copytree(folder, runs / folder.name.replace("style-sweep", "mine"))
    shutil.rmtree(runs / "mine.full.s0")
    app = open_page()
    words = words_of(app)
    assert "Your sweep “mine”" in words
    assert "of 21 runs have finished" in words
    assert "Continue with the" in app.button(key="resume-sweep").label


def test_a_run_that_was_resumed_has_no_time(runs: Path) -> None:
    for name in ("", ".r1.s0", ".r2.s0"):
        shutil.copytree(RECORDED / f"style-sweep{name}", runs / f"mine{name}")
    for file in runs.glob("*/processor_seconds.json"):
        file.unlink()
    file = runs / "mine.r1.s0" / "result.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"resumed_from": 75}))
    app = open_page()
    assert "The time is not shown for runs that were resumed." in words_of(app)
    times = app.dataframe[1].value["training, seconds"]
    assert times.isna().tolist() == [True, False]


def test_a_sweep_that_was_stopped_in_its_first_run_can_go_on(runs: Path) -> None:
    (runs / "mine").mkdir()
    shutil.copy(RECORDED / "style-sweep" / "sweep.json", runs / "mine")
    app = open_page()
    assert app.button(key="resume-sweep").label == "Continue with the 21 runs that are left"
    (runs / "mine" / "sweep.json").write_text("{")
    app.run()
    assert "sweep" in words_of(app) and not app.exception
    assert "resume-sweep" not in [button.key for button in app.button]


def test_a_sweep_is_started_as_one_action(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Sweep] = []
    monkeypatch.setattr(sweep_launch, "start", started.append)
    app = open_page()
    app.button_group(key="page:sweep_task").set_value("qa").run()
    app.button(key="start-sweep").click().run()
    assert not app.exception
    (sweep,) = started
    assert sweep.path.parent == runs
    names = [name for name, _settings in sweep.plan().runs()]
    assert names == ["r1.s0", "r2.s0", "r4.s0", "r8.s0", "r16.s0", "r32.s0", "full.s0"]
    assert {settings.task for _name, settings in sweep.plan().runs()} == {"qa"}
