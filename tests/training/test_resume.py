"""A job that was cut off at any moment and went on ends as one that was not: byte for byte."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lora_viz.errors import UserError
from lora_viz.training.jobs.job import do_job
from lora_viz.training.jobs.launch import prepare_to_resume
from lora_viz.training.jobs.record import Record
from lora_viz.training.jobs.stopping import StopSignal
from lora_viz.training.runs.events import EvaluationEvent, Event, StateEvent, StepEvent
from lora_viz.training.runs.kept_runs import create_run
from lora_viz.training.runs.metrics_table import metrics_csv
from lora_viz.training.runs.results import Result
from lora_viz.training.runs.run_folder import Run
from tests.training.jobs import run_here, short_settings

SETTINGS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "constant": ({"dropout": 0.1}, {"schedule": "constant", "steps": 5}),
    "epochs": ({"gradient_accumulation": 2, "batch_size": 3}, {"epochs": 0.3, "steps": 99}),
    "full": ({"method": "full"}, {"schedule": "cosine", "warmup_steps": 2}),
    "stalls": ({}, {"learning_rate": 0.0, "evaluate_every": 1, "stop_when_stalled": 3}),
}


class Killed(BaseException):
    """The process is gone: nothing that a job could do about it runs."""


@pytest.mark.parametrize("kind", SETTINGS)
def test_killed_in_every_phase_it_ends_with_the_same_bytes(
    kind: str, text_file: Path, tmp_path: Path
) -> None:
    scenario, values = SETTINGS[kind]
    settings = short_settings(text_file, scenario, checkpoint_every=2, **({"steps": 6} | values))
    whole, expected = run_here(tmp_path, "whole", settings)
    assert expected.state == "finished", expected.reason
    run = create_run(settings, "killed", tmp_path)
    for moment in ("tokenising", "evaluating", 1, 3, "last", "checking"):
        _cut_off(run, _at(moment, expected.steps))
        assert run.state() == "interrupted" and run.can_resume()
        prepare_to_resume(run)
    result = _go_on(run)
    assert result.state == "finished", result.reason
    assert result.steps == expected.steps and _weights(run) == _weights(whole)
    assert _told(run) == _told(whole) == [*range(1, expected.steps + 1)]
    assert _losses(run) == _losses(whole)
    assert len(metrics_csv(run.events()).splitlines()) == expected.steps + 2
    assert result.held_out == expected.held_out and result.pretraining == expected.pretraining
    assert result.base_sha256_after == expected.base_sha256_after
    assert all(check.passed is not False for check in result.checks)


def test_stopped_after_its_last_step_it_is_only_evaluated(text_file: Path, tmp_path: Path) -> None:
    settings = short_settings(text_file, schedule="constant", steps=4, checkpoint_every=3)
    whole, expected = run_here(tmp_path, "whole", settings)
    run, stop = create_run(settings, "stopped", tmp_path), StopSignal()

    def stop_at_the_end(event: Event) -> None:
        if isinstance(event, StepEvent) and event.step == event.steps:
            stop.request()

    stopped = do_job(run, settings, stop, Record(run, stop_at_the_end), simulates_memory=False)
    assert stopped.state == "stopped" and stopped.steps == 4
    prepare_to_resume(run)
    result = _go_on(run)
    assert result.state == "finished" and result.steps == 4 and result.resumed_from == 4
    assert result.memory is None and result.files == expected.files
    assert _weights(run) == _weights(whole) and _told(run) == [1, 2, 3, 4]
    with pytest.raises(UserError, match="nothing to resume"):
        prepare_to_resume(run)


def test_a_checkpoint_that_was_being_written_is_not_kept(text_file: Path, tmp_path: Path) -> None:
    settings = short_settings(text_file)
    run = create_run(settings, "killed", tmp_path)
    _cut_off(run, _at(5, 6))
    half = run.checkpoints_folder / "checkpoint-5"
    half.mkdir()
    prepare_to_resume(run)
    assert not half.exists() and run.last_checkpoint() == run.checkpoints_folder / "checkpoint-4"


def _at(moment: str | int, steps: int) -> Any:
    """Whether an event is the one at which the process dies."""

    def is_reached(event: Event) -> bool:
        if isinstance(event, StateEvent):
            return event.state == moment
        if isinstance(event, StepEvent):
            return event.step == (steps if moment == "last" else moment)
        return False

    return is_reached


def _cut_off(run: Run, is_reached: Any) -> None:
    def die(event: Event) -> None:
        if is_reached(event):
            raise Killed

    with pytest.raises(Killed):
        do_job(run, run.settings, StopSignal(), Record(run, die), simulates_memory=False)


def _go_on(run: Run) -> Result:
    return do_job(run, run.settings, StopSignal(), Record(run), simulates_memory=False)


def _weights(run: Run) -> bytes:
    folder = run.model_folder if run.model_folder.is_dir() else run.adapter_folder
    return b"".join(file.read_bytes() for file in sorted(folder.glob("*.safetensors")))


def _told(run: Run) -> list[int]:
    return [event.step for event in run.events() if isinstance(event, StepEvent)]


def _losses(run: Run) -> list[tuple[int, float]]:
    kinds = (StepEvent, EvaluationEvent)
    return [(event.step, event.loss) for event in run.events() if isinstance(event, kinds)]


def test_a_model_that_an_earlier_version_named_from_its_folder_is_found(
    text_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = short_settings(text_file)
    (tmp_path / "models/mine").mkdir(parents=True)
    run = create_run(
        settings.changed(scenario=settings.scenario.changed(model="models/mine")), "old", tmp_path
    )
    monkeypatch.chdir(tmp_path)
    assert run.settings.scenario.model == "models/mine"
    prepare_to_resume(run)
    assert run.settings.scenario.model == str(tmp_path / "models/mine")
