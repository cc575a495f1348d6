"""A run's folder, read while it is written, after a crash, and with names that are tricks."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lora_viz.errors import UserError
from lora_viz.training.folder import locks
from lora_viz.training.folder.places import check_name
from lora_viz.training.folder.writing import write_whole
from lora_viz.training.jobs import launch
from lora_viz.training.runs.events import (
    EvaluationEvent,
    EventWriter,
    NoticeEvent,
    ResumedEvent,
    StateEvent,
    read_events,
)
from lora_viz.training.runs.kept_runs import create_run, find_run, list_runs
from lora_viz.training.runs.results import Result
from lora_viz.training.settings import TrainingSettings, parse_settings, training_scenario


def _evaluated(step: int) -> EvaluationEvent:
    return EvaluationEvent(step=step, part="held_out", loss=1.0, perplexity=2.7, tokens=9)


@given(st.text(max_size=100))
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    try:
        path = Path("/runs") / check_name(name)
    except UserError:
        return
    assert path.resolve().parent == Path("/runs") and not name.startswith(".")


@pytest.mark.parametrize("name", ["", ".", "..", "../a", "a/b", "/etc", ".hidden", "a" * 81, "a\n"])
def test_tricks_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError):
        find_run(name, tmp_path)


@given(cut=st.integers(min_value=0, max_value=400))
def test_a_file_cut_anywhere_can_be_read_and_gone_on_with(
    cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("events") / "events.jsonl"
    writer = EventWriter(file)
    written = [_evaluated(0), NoticeEvent(message="…\nä"), _evaluated(3)]
    for event in written:
        writer.write(event)
    writer.close()
    content = file.read_bytes()
    file.write_bytes(content[:cut])
    whole = content[:cut].count(b"\n")
    assert read_events(file) == written[:whole]
    writer = EventWriter(file)
    writer.write(_evaluated(5))
    writer.close()
    assert [*read_events(file)][:-1] == written[:whole]


def test_steps_that_are_taken_again_count_once(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    writer = EventWriter(file)
    for event in (StateEvent(state="training"), _evaluated(0), _evaluated(3), _evaluated(6)):
        writer.write(event)
    writer.write(ResumedEvent(step=3))
    writer.write(_evaluated(6))
    steps = [event.step for event in read_events(file) if isinstance(event, EvaluationEvent)]
    assert steps == [0, 3, 6]


def test_a_job_that_begins_anew_says_what_it_does(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    writer = EventWriter(file)
    begun, resumed = StateEvent(state="evaluating"), ResumedEvent(step=-1)
    for event in (begun, _evaluated(0), resumed):
        writer.write(event)
    assert read_events(file) == [begun, resumed]


def test_jobs_that_start_within_a_second_have_names_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.strftime", lambda _form: "20260101-000000")
    runs = [create_run(TrainingSettings(), root=tmp_path) for _time in range(3)]
    assert len({run.name for run in runs}) == 3
    with pytest.raises(UserError, match=f"“{runs[0].name}” already"):
        create_run(TrainingSettings(), runs[0].name, tmp_path)


def test_a_run_that_cannot_be_kept_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(UserError, match="is full"):
        create_run(TrainingSettings(), root=tmp_path)
    assert not [*tmp_path.iterdir()]


def test_a_run_without_process_and_result_is_interrupted(tmp_path: Path) -> None:
    run = create_run(TrainingSettings(), "one", tmp_path)
    lock = locks.take(run.lock_file)
    assert lock is not None and run.state() == "queued"
    with pytest.raises(UserError, match="running"):
        run.delete()
    os.close(lock)
    assert run.state() == "interrupted" and run.can_resume()
    assert [found.name for found in list_runs(tmp_path)] == ["one"]
    with pytest.raises(UserError, match="already"):
        create_run(TrainingSettings(), "one", tmp_path)
    run.delete()
    assert list_runs(tmp_path) == []


def test_a_job_goes_on_as_soon_as_its_last_process_has_left(tmp_path: Path) -> None:
    run = create_run(TrainingSettings(), "one", tmp_path)
    lock = locks.take(run.lock_file)
    assert lock is not None
    with pytest.raises(UserError, match="running"):
        launch.prepare_to_resume(run)
    stopped = Result(state="stopped", started=1.0, ended=2.0)
    write_whole(run.path / "result.json", stopped.model_dump_json())
    threading.Timer(0.2, os.close, [lock]).start()
    launch.prepare_to_resume(run)
    assert not run.is_alive() and run.result() is None


def test_a_run_whose_end_cannot_be_read_is_not_said_to_have_finished(tmp_path: Path) -> None:
    run = create_run(TrainingSettings(), "one", tmp_path)
    run.result_file.write_text("{")
    assert run.state() == "unreadable"
    with pytest.raises(UserError, match=r"knows how it ended\. result\.json is not whole JSON\.$"):
        launch.prepare_to_resume(run)
    finished = Result(state="finished", started=1.0, ended=2.0)
    write_whole(run.result_file, finished.model_dump_json())
    with pytest.raises(UserError, match="has finished"):
        launch.prepare_to_resume(run)


def test_settings_survive_their_file_and_know_their_usual_rate(tmp_path: Path) -> None:
    full = TrainingSettings.make({"scenario": training_scenario({"method": "full"}), "seed": 3})
    assert create_run(full, "full", tmp_path).settings == full
    assert full.learning_rate == 1e-3 and TrainingSettings().learning_rate == 5e-3
    assert TrainingSettings().with_scenario(full.scenario).learning_rate == 1e-3
    assert full.changed(learning_rate=0.5).with_scenario(training_scenario()).learning_rate == 0.5
    assert TrainingSettings.make({"data_file": "a.txt"}).task == "own"
    with pytest.raises(UserError):
        parse_settings("{}garbage")
    with pytest.raises(UserError, match="Steps"):
        TrainingSettings.make({"steps": 0})
