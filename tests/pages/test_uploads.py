"""What is refused is not used, and nothing older takes its place unseen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lora_viz.training.data.own_data import MAXIMUM_BYTES, MAXIMUM_MB
from lora_viz.training.data.tasks import pretraining_sample
from lora_viz.training.jobs import launch
from lora_viz.training.runs.run_folder import Run
from lora_viz.training.settings import TrainingSettings
from lora_viz.ui.serving import reader
from tests.application import opened
from tests.pages.test_runs import open_page, words_of

ROWS = "\n".join(
    json.dumps(
        {"prompt": f"{row} + 1 =", "completion": f" {row + 1}" + " more" * 60 * (row % 4 == 0)}
    )
    for row in range(40)
).encode()
TEXT = pretraining_sample()[0][:6000].encode()
LLAMA = {"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "vocab_size": 500}
REFUSED = {
    "text.txt": (b"short", "too short"),
    "latin.txt": ("é".encode("latin-1") * 5_000, "not UTF-8"),
    "empty.jsonl": (b"", "is empty"),
    "no-prompts.jsonl": (ROWS.replace(b"+ 1 =", b"").replace(b'"prompt"', b'"p"'), "no “prompt”"),
    "large.txt": (b"a " * (MAXIMUM_BYTES // 2 + 1), f"at most {MAXIMUM_MB} MB"),
    "list.json": (b"[]", "one object a line"),
}


@pytest.fixture(autouse=True)
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[TrainingSettings]:
    """The settings of every job that the page would have started."""
    jobs: list[TrainingSettings] = []

    def start(settings: TrainingSettings) -> Run:
        jobs.append(settings)
        return Run(tmp_path / "somewhere")

    monkeypatch.setenv("LORA_VIZ_RUNS", str(tmp_path))
    monkeypatch.setattr(launch, "start", start)
    return jobs


def lab() -> AppTest:
    """The lab, about to train on the reader's own data."""
    return open_page(**{"train-task": "own", "seq-len": "64"})


def give(app: AppTest, name: str, content: bytes) -> AppTest:
    """Upload a file where the page offers it; there is one place, and it is empty."""
    (place,) = app.file_uploader
    assert place.value is None
    return place.set_value((name, content, "text/plain")).run()


def test_only_what_is_shown_as_chosen_is_trained_on(started: list[TrainingSettings]) -> None:
    app = lab()
    assert "Upload your text or JSONL first." in words_of(app)
    give(app, "../../rows 1.JSONL", ROWS)
    said = words_of(app)
    assert "rows 1.jsonl, in rows: 24 to train on, 3 to validate, 3 held out." in said
    assert "Left out: 10 rows of more than 64 tokens." in said
    assert not app.file_uploader, "an older file is in use while another can be given"
    app.button(key="start-training").click().run()
    assert Path(started[0].data_file).read_bytes() == ROWS

    app.button(key="another-file").click().run()
    assert app.button(key="start-training").disabled
    for name, (content, reason) in REFUSED.items():
        give(app, name, content)
        assert [reason in error.value for error in app.main.error] == [True], name
        assert "The file was refused, so nothing is chosen" in words_of(app)
        assert app.button(key="start-training").disabled
        assert app.session_state["training"].data_file == ""

    give(app, "mine.md", TEXT)
    assert not app.main.error and "mine.md, in characters: 4," in words_of(app)
    assert "In sequences of 64 tokens: " in words_of(app)
    app.button(key="start-training").click().run()
    assert Path(started[1].data_file).read_bytes() == TEXT and len(started) == 2


def test_chosen_data_outlasts_a_reload_for_its_reader_and_nobody_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LORA_VIZ_RUNS_ARE", "shared")
    monkeypatch.setattr(reader, "_reader", lambda: "a" * 64)

    def reloaded(app: AppTest) -> AppTest:
        return open_page(**app.query_params)

    app = give(lab(), "rows.jsonl", ROWS)
    chosen = app.session_state["training"].data_file
    again = reloaded(app)
    assert "rows.jsonl, in rows: 24 to train on" in words_of(again) and not again.file_uploader
    assert again.session_state["training"].data_file == chosen

    with monkeypatch.context() as patch:
        patch.setattr(reader, "_reader", lambda: "b" * 64)
        theirs = reloaded(app)
        assert theirs.session_state["training"].data_file == ""
        assert "rows.jsonl" not in words_of(theirs)
        assert theirs.button(key="start-training").disabled
        first = opened(**app.query_params)
        assert [one.value for one in first.warning] == [
            "The link names uploaded data that is not kept here for you; upload it again."
        ]

    again.button(key="another-file").click().run()
    give(again, "text.txt", b"short")
    after_refusal = reloaded(again)
    assert after_refusal.session_state["training"].data_file == ""
    assert "Upload your text or JSONL first." in words_of(after_refusal)

    Path(chosen).write_bytes(ROWS[:-1])  # no more what was chosen
    assert reloaded(app).session_state["training"].data_file == ""
    Path(chosen).unlink()
    assert reloaded(app).session_state["training"].data_file == ""


def test_what_the_job_would_fail_on_keeps_it_from_starting(started: list[TrainingSettings]) -> None:
    app = give(lab(), "long.jsonl", ROWS.replace(b'+ 1 ="', b"+ 1 =" + b" more" * 80 + b'"'))
    assert "part of the data has no sequence of at most 64 tokens" in words_of(app)
    assert app.button(key="start-training").disabled and not started


def test_a_file_that_is_gone_is_not_trained_on(started: list[TrainingSettings]) -> None:
    app = give(lab(), "rows.jsonl", ROWS)
    Path(app.session_state["training"].data_file).unlink()
    app.run()
    assert "cannot be read" in app.main.error[0].value
    assert app.button(key="start-training").disabled and not started


def test_the_embedded_model_is_not_started_without_data(started: list[TrainingSettings]) -> None:
    app = open_page(model="custom:2x64x2x300x64", **{"train-task": "own"})
    app.button(key="start-embedded").click().run()
    assert not started and "Upload your text or JSONL first." in words_of(app)


def test_a_refused_configuration_says_which_model_stays() -> None:
    app = open_page()
    app.session_state["own-model"] = True  # opens that part of the sidebar
    app.run()
    give(app, "config.json", json.dumps(LLAMA).encode())
    uploaded = app.session_state["scenario"].model
    assert uploaded.startswith("upload:")
    give(app, "config.json", json.dumps(LLAMA | {"hidden_size": "9" * 5_000}).encode())
    assert app.session_state["scenario"].model == uploaded
    assert f"The model stays Uploaded config.json ({uploaded[7:11]})." in words_of(app)
