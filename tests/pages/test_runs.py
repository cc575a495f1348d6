"""The training lab and the comparison over runs in every state."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from typer import Context
from typer.core import TyperCommand as Command

from lora_viz.cli.train import list_all, show
from lora_viz.training.folder import locks
from lora_viz.training.folder.writing import write_whole
from lora_viz.training.jobs import launch
from lora_viz.training.jobs.failures import DivergedError
from lora_viz.training.perplexity import perplexity
from lora_viz.training.runs.events import EvaluationEvent, EventWriter, StateEvent, StepEvent
from lora_viz.training.runs.kept_runs import create_run, find_run
from lora_viz.training.runs.metrics_table import metrics_csv
from lora_viz.training.runs.pace import recorded_pace
from lora_viz.training.runs.public_names import public_settings
from lora_viz.training.runs.results import Loss, Result
from lora_viz.training.runs.run_folder import Run
from lora_viz.training.runs.shipped import RECORDED
from lora_viz.training.settings import TrainingSettings, parse_settings
from tests.application import charts, opened
from tests.figures.test_training_lab_curves import recorded_events
from tests.training.jobs import EMBEDDED_FOLDER, own_text, run_here, short_settings

LAB, COMPARISON = "training_lab", "compare_runs"


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LORA_VIZ_RUNS", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of a few real steps."""
    folder = tmp_path_factory.mktemp("real")
    run, result = run_here(folder, "real", short_settings(own_text(folder)))
    assert result.state == "finished"
    return run.path


@pytest.fixture
def unfinished(runs: Path) -> Run:
    """A run whose job recorded steps but has no result."""
    run = create_run(short_settings(), "unfinished", runs)
    writer = EventWriter(run.events_file)
    for state in ("queued", "loading", "tokenising", "training"):
        writer.write(StateEvent(state=state))
    for event in recorded_events(40)[:-5]:
        writer.write(event)
    writer.close()
    return run


@pytest.fixture
def running(unfinished: Run) -> Iterator[Run]:
    """That run while its job holds the lock."""
    lock = locks.take(unfinished.lock_file)
    assert lock is not None
    yield unfinished
    os.close(lock)


def open_page(page: str = LAB, **settings: str) -> AppTest:
    return opened(page, **({"model": "tiny-gpt2", "seq-len": "64"} | settings))


def words_of(app: AppTest) -> str:
    """All prose of the page."""
    said = (*app.main.markdown, *app.main.caption, *app.main.info, *app.main.warning)
    return "\n".join(element.value for element in (*said, *app.main.error))


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.main.button]


def test_without_a_run_the_lab_says_what_will_be_seen_and_guesses_no_time() -> None:
    app = open_page()
    assert "No run yet" in words_of(app) and "without a break" in words_of(app)
    assert "Start training" in labels(app)
    shipped = open_page(COMPARISON)
    assert "You have no run yet" in words_of(shipped)
    assert shipped.session_state["view"].compared_runs == ("~lora", "~full")
    result = json.loads((RECORDED / "full" / "result.json").read_text("utf-8"))
    lowest = next(one.value for one in shipped.main.markdown if "key-number" in one.value)
    assert f"{result['held_out']['after']['loss']:.3f}" in lowest
    assert "shipped: full fine-tuning" in lowest and "~" not in words_of(shipped)
    assert "and no curve: shipped: full fine-tuning" in words_of(shipped)
    drawn = charts(shipped)[0]["data"]
    assert [one["mode"] for one in drawn] == ["lines+markers", "markers"]
    assert drawn[1]["y"] == [result["held_out"][when]["loss"] for when in ("before", "after")]
    settings, results = (one.value.set_index(one.value.columns[0]) for one in shipped.dataframe)
    assert settings.loc["Method"].tolist() == ["LoRA", "Full"]
    assert settings.loc["Rank r"].tolist() == ["8", "–"]
    assert results.loc["Steps taken"].tolist() == ["150", "150"]


def test_a_model_without_weights_offers_the_embedded_one(monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(model="custom:2x64x2x300x64")
    assert "without weights" in words_of(app) and "Start training" not in labels(app)
    started: list[TrainingSettings] = []

    def start(settings: TrainingSettings) -> Run:
        started.append(settings)
        return Run(Path("somewhere"))

    monkeypatch.setattr(launch, "start", start)
    app.button(key="use-embedded").click().run()
    assert app.session_state["scenario"].model == "tiny-gpt2" and not started
    app.button(key="start-training").click().run()
    assert started[0].scenario.model == "tiny-gpt2" and started[0].scenario.seq_len == 128


def test_sequences_that_the_model_cannot_read_are_said_before_the_start() -> None:
    app = open_page(**{"seq-len": "512"})
    assert "reads at most 256 tokens" in words_of(app)
    assert app.button(key="start-training").disabled
    app.button(key="shorter-sequences").click().run()
    assert app.session_state["scenario"].seq_len == 256
    assert not app.button(key="start-training").disabled


def test_settings_reach_the_job_and_the_link(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[TrainingSettings] = []

    def start(settings: TrainingSettings) -> Run:
        started.append(settings)
        return Run(Path("somewhere"))

    monkeypatch.setattr(launch, "start", start)
    app = open_page(**{"train-task": "qa", "train-seed": "3", "train-data": "/etc/passwd"})
    app.number_input(key="training:steps").set_value(12).run()
    assert app.query_params["train-steps"] == "12"
    app.button(key="start-training").click().run()
    (settings,) = started
    assert (settings.task, settings.seed, settings.steps) == ("qa", 3, 12)
    assert settings.data_file == "" and settings.scenario.seq_len == 64


def test_a_finished_run_shows_what_it_proved(real: Path, runs: Path) -> None:
    shutil.copytree(real, runs / "real")
    result = find_run("real", runs).result()
    assert result and result.held_out and result.held_out.after
    words = words_of(open_page(run="real"))
    assert f"{result.held_out.before.loss:.3f}" in words
    assert f"{result.held_out.after.loss:.3f}" in words
    assert words.count(":green[✓]") == len(result.checks) == 5
    assert (result.base_sha256_before or "none")[:12] in words
    assert f"{result.trainable_parameters:,}" in words
    assert "cannot be compared with the simulated figure" in words


@pytest.fixture
def huge(real: Path, runs: Path) -> Run:
    """A run that finished with a loss whose exponential no number of 64 bits holds."""
    shutil.copytree(real, runs / "huge")
    run = find_run("huge", runs)
    losses = {3: 40.0, 6: 929.25}
    events = run.events()
    run.events_file.unlink()
    writer = EventWriter(run.events_file)
    for event in events:
        if isinstance(event, EvaluationEvent) and event.step:
            loss = losses[event.step]
            event = event.model_copy(update={"loss": loss, "perplexity": perplexity(loss)})
        if isinstance(event, StepEvent) and event.step == 5:
            event = event.model_copy(update={"loss": 1e30, "gradient_norm": 1e38})
        writer.write(event)
    writer.close()
    result = run.result()
    assert result and result.held_out
    after = Loss(loss=929.25, perplexity=perplexity(929.25), tokens=100)
    held_out = result.held_out.model_copy(update={"after": after})
    changed = result.model_copy(update={"held_out": held_out, "pretraining": held_out})
    write_whole(run.path / "result.json", changed.model_dump_json())
    return run


def test_a_loss_that_is_huge_is_shown_on_every_page(huge: Run, capsys: Any) -> None:
    lab = open_page(run="huge")
    assert "→ 929.250" in " ".join([words_of(lab), *(one.proto.body for one in lab.get("html"))])
    assert "→ > 10³⁰⁸ |" in words_of(lab) and "+926" in words_of(lab)
    (formula,) = [one.value for one in lab.latex if "929.2500" in one.value]
    assert r"\exp(929.2500) > 10^{308}" in formula
    assert "→ 929.2500" in str(open_page(COMPARISON, runs="huge").dataframe[1].value)
    told = open_page("training_process", **{"told-run": "huge"})
    assert "loss 3." in words_of(told) and "→ 929.250 after 6 steps" in words_of(told)
    assert "perplexity 23" in words_of(told) and "→ > 10³⁰⁸" in words_of(told)
    show("huge")
    list_all(Context(Command("runs")))
    said = capsys.readouterr().out
    assert "→ 929.2500" in said and said.splitlines()[-1].split()[-1] == "929.2500"
    rows = list(csv.DictReader(metrics_csv(huge.events()).decode().splitlines()))
    assert rows[-1]["held_out_loss"] == "929.25" and rows[-1]["held_out_perplexity"] == "inf"


def test_a_run_that_diverged_says_where_and_is_not_resumed(unfinished: Run) -> None:
    writer = EventWriter(unfinished.events_file)
    last = [event for event in unfinished.events() if isinstance(event, StepEvent)][-1]
    nan = {"step": last.step + 1, "loss": float("nan"), "gradient_norm": float("nan")}
    writer.write(last.model_copy(update=nan))
    writer.write(
        EvaluationEvent(step=37, part="held_out", loss=nan["loss"], perplexity=1, tokens=1)
    )
    writer.close()
    error = DivergedError(37, 0.5)
    failed = Result(
        state="failed", reason=str(error), diverged_at=37, steps=37, started=1.0, ended=2.0
    )
    write_whole(unfinished.path / "result.json", failed.model_dump_json())
    app = open_page()
    (message,) = app.main.error
    assert "diverged at step 37" in message.value and "was 0.5." in message.value
    assert not [label for label in labels(app) if "Resume" in label]
    assert not open_page(COMPARISON, runs="unfinished").error


def test_what_is_downloaded_names_no_place_of_this_machine(real: Path) -> None:
    run = Run(real)
    settings = run.settings
    home = settings.scenario.changed(model=str(EMBEDDED_FOLDER))
    for made in (settings, settings.with_scenario(home)):
        shared = public_settings(made)
        assert parse_settings(shared).steps == settings.steps
        assert json.loads(shared)["data_file"] == "own.txt" and str(real.parent) not in shared
        assert json.loads(shared)["scenario"]["model"] in ("tiny-gpt2", "tiny_gpt2")
    for file in run.adapter_folder.iterdir():
        content = file.read_bytes()
        for place in (str(real.parent), str(EMBEDDED_FOLDER), str(Path.cwd()), str(Path.home())):
            assert place.encode() not in content, file.name


def test_a_resumed_run_tells_how_long_a_step_takes(real: Path, runs: Path) -> None:
    shutil.copytree(real, runs / "real")
    run = find_run("real", runs)
    result = run.result()
    assert result
    resumed = result.model_copy(
        update={"resumed_from": 4, "seconds": {"loading": 7.0, "training": 3.0}}
    )
    write_whole(run.path / "result.json", resumed.model_dump_json())
    (run.path / "result.before_resuming.json").write_text("{}")
    pace = recorded_pace(run.settings, [run])
    assert pace and pace.seconds_per_step == 1.5 and pace.other_seconds == 7.0
    at_the_end = result.model_copy(update={"resumed_from": 6})
    write_whole(run.path / "result.json", at_the_end.model_dump_json())
    assert recorded_pace(run.settings, [run]) is None


@pytest.mark.usefixtures("running")
def test_a_running_job_can_be_watched_and_stopped() -> None:
    app = open_page()
    assert "training, step 36 of 40" in app.get("progress")[0].proto.text
    assert app.session_state["view"].run == "unfinished"  # it stays when another begins
    assert "Stop" in labels(app) and "Start in the queue, after 1" in labels(app)
    assert "Adapter (zip)" not in [button.proto.label for button in app.get("download_button")]


def test_a_queued_job_says_how_many_are_ahead(running: Run) -> None:
    writer = EventWriter(running.events_file)
    writer.write(StateEvent(state="queued", ahead=2))
    writer.close()
    assert "2 ahead" in open_page().get("progress")[0].proto.text


@pytest.mark.usefixtures("unfinished")
def test_an_interrupted_job_can_be_resumed() -> None:
    app = open_page()
    assert "ended without a result" in words_of(app)
    assert "Resume from step 0" in labels(app)


def test_a_stopped_job_can_be_resumed_before_its_process_has_left(running: Run) -> None:
    stopped = Result(state="stopped", started=1.0, ended=2.0)
    write_whole(running.path / "result.json", stopped.model_dump_json())
    assert running.is_alive() and "Resume from step 0" in labels(open_page())


def test_a_resumed_job_is_watched_again(unfinished: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page()
    held: list[int | None] = []
    monkeypatch.setattr(launch, "resume", lambda run: held.append(locks.take(run.lock_file)))
    app.button(key=f"resume:{unfinished.name}").click().run()
    assert "Stop" in labels(app) and "training, step 36" in app.get("progress")[0].proto.text
    assert held[0] is not None
    os.close(held[0])


def test_a_failed_job_says_why_and_what_to_try(unfinished: Run) -> None:
    failed = Result(
        state="failed", reason="The disk is full.", advice="Make room.", started=1.0, ended=2.0
    )
    write_whole(unfinished.path / "result.json", failed.model_dump_json())
    (message,) = open_page().main.error
    assert message.value == "The disk is full. Make room."


def test_a_run_that_is_not_there_is_said_so() -> None:
    assert "There is no run “gone”." in words_of(open_page(run="gone"))
    assert "There is no run" in words_of(open_page(COMPARISON, runs="gone"))


def test_runs_are_compared_and_deleted(real: Path, runs: Path, unfinished: Run) -> None:
    shutil.copytree(real, runs / "real")
    app = open_page(COMPARISON, runs="real,unfinished")
    settings = app.dataframe[0].value
    rows = settings[settings["real"] != settings["unfinished"]]
    assert list(rows["Setting"]) == ["Task", "Data file"] and list(rows.index) == [0, 1]
    assert "evaluated on different tokens" in words_of(app)
    app.button(key="delete:unfinished").click().run()
    assert not unfinished.path.exists() and (runs / "real").is_dir()


def test_runs_that_are_unchosen_give_way_to_the_newest_with_a_sentence(unfinished: Run) -> None:
    app = open_page(COMPARISON, runs=unfinished.name)
    app.multiselect(key="page:compared_runs").set_value([]).run()
    (said,) = app.main.warning
    assert said.value == f"Runs: none is chosen, so these are used: {unfinished.name}."
    assert app.multiselect(key="page:compared_runs").value == [unfinished.name]
    assert app.session_state["view"].compared_runs == (unfinished.name,)  # written into the link


def test_a_running_job_cannot_be_deleted(running: Run) -> None:
    app = open_page(COMPARISON)
    assert app.button(key="delete:unfinished").disabled
    assert running.path.is_dir()


def test_running_again_takes_the_settings_to_the_lab(unfinished: Run) -> None:
    app = open_page(COMPARISON, rank="32")
    app.button(key="again:unfinished").click().run()
    scenario: Any = app.session_state["scenario"]
    assert scenario.rank == unfinished.settings.scenario.rank == 4
    assert app.session_state["training"].steps == unfinished.settings.steps


def test_steps_of_this_module_are_real_ones(real: Path) -> None:
    events = Run(real).events()
    assert sum(isinstance(event, StepEvent) for event in events) == 6
