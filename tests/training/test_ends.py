"""However a job ends, its folder can be read, and what it had is kept."""

from __future__ import annotations

import errno
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from peft import PeftModel
from transformers import AutoModelForCausalLM

from lora_viz.errors import UserError
from lora_viz.training import launch
from lora_viz.training.events import CheckpointEvent, ResumedEvent, StateEvent, StepEvent
from lora_viz.training.events import EventWriter as RealWriter
from lora_viz.training.job import work
from lora_viz.training.queue import draw_ticket
from lora_viz.training.run_folder import Run, create_run
from lora_viz.training.stopping import StopSignal
from tests.training.jobs import EMBEDDED_FOLDER, run_here, short_settings, wait_until_gone

LONG = 100_000


def test_a_killed_job_is_interrupted_and_goes_on_from_its_checkpoint(
    text_file: Path, tmp_path: Path
) -> None:
    settings = short_settings(text_file, steps=60, snapshot_every=0, evaluate_every=0)
    run = launch.start(settings, "killed", tmp_path)
    moments = random.Random(7)
    for kill in range(2):
        _wait_for(run, CheckpointEvent if kill else StateEvent, at_least=3 + kill)
        time.sleep(moments.random() / 2)
        _kill(run)
        assert run.state() == "interrupted" and run.can_resume()
        checkpoint, steps = run.last_checkpoint(), _steps(run)
        launch.resume(run)
        with pytest.raises(UserError, match="still running"):
            launch.resume(run)
    wait_until_gone(run)
    assert run.state() == "finished", run.log_file.read_text()
    resumed = [event.step for event in run.events() if isinstance(event, ResumedEvent)]
    assert checkpoint is not None and resumed[-1] == int(checkpoint.name.split("-")[-1]) > 0
    result = run.result()
    assert result and result.resumed_from == resumed[-1]
    assert _steps(run) == [*range(1, 61)] and len(steps) < 60
    whole, _result = run_here(tmp_path, "whole", settings)
    assert _losses(run) == pytest.approx(_losses(whole), rel=1e-4)


def test_stopping_keeps_the_adapter_and_lets_the_next_begin(
    text_file: Path, tmp_path: Path
) -> None:
    settings = short_settings(text_file, steps=LONG, snapshot_every=0, evaluate_every=0)
    run = launch.start(settings, "stopped", tmp_path)
    try:
        _wait_for(run, StepEvent, at_least=3)
        waiting = launch.start(settings, "waiting", tmp_path)
        _wait_for(waiting, StateEvent, at_least=2)
        ahead = [event.ahead for event in waiting.events() if isinstance(event, StateEvent)]
        assert waiting.state() == "queued" and ahead[-1] == 1
        assert launch.stop(waiting)
    finally:
        is_asked = launch.stop(run)  # or every later job would wait for this one
    assert is_asked
    wait_until_gone(waiting)
    wait_until_gone(run)
    assert run.state() == waiting.state() == "stopped" and not launch.stop(run)
    result = run.result()
    assert result and result.steps == _steps(run)[-1] and result.files.adapter
    assert result.base_sha256_before == result.base_sha256_after
    base = AutoModelForCausalLM.from_pretrained(EMBEDDED_FOLDER)
    PeftModel.from_pretrained(base, run.adapter_folder)


def test_a_ticket_counts_the_living_only() -> None:
    first, second = draw_ticket(), draw_ticket()
    assert second.ahead() == first.ahead() + 1
    os.close(first.descriptor)  # as if its process had died
    assert second.ahead() == first.ahead()
    second.give_back()


def test_a_bad_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text('{"prompt": "a"}\n' * 20)
    _run, result = run_here(tmp_path, "bad", short_settings(file))
    assert result.state == "failed" and "line 1" in result.reason and result.advice


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        ({"model": "nobody/has-this-model"}, "cannot be reached|no public"),
        ({"model": "custom:2x32x4x100x64"}, "without weights"),
        ({"method": "qlora"}, "needs an NVIDIA GPU"),
        ({"target_modules": "no_such_layer"}, "No layer matches"),
        ({"seq_len": 100_000}, "reads at most 256 tokens"),
    ],
)
def test_what_cannot_be_trained_is_said(
    scenario: dict[str, Any], expected: str, text_file: Path, tmp_path: Path
) -> None:
    import torch

    if scenario.get("method") == "qlora" and torch.cuda.is_available():
        pytest.skip("this machine may be able to train with QLoRA")
    run, result = run_here(tmp_path, "failed", short_settings(text_file, scenario))
    assert result.state == "failed" and run.state() == "failed"
    assert len(result.reason) < 300 and result.advice
    assert any(words in result.reason for words in expected.split("|")), result.reason


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "disk is full"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "not enough memory"),
        (MemoryError(), "not enough memory"),
    ],
)
def test_a_machine_at_its_end_is_a_readable_failure(
    error: Exception,
    expected: str,
    text_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write = RealWriter.write

    def fail_at_the_first_step(self: RealWriter, event: Any) -> None:
        if isinstance(event, StepEvent):
            raise error
        write(self, event)

    monkeypatch.setattr(RealWriter, "write", fail_at_the_first_step)
    run, result = run_here(tmp_path, "full", short_settings(text_file))
    assert result.state == run.state() == "failed"
    assert expected in result.reason and result.advice and run.can_resume()


def test_a_disk_that_is_full_at_the_start_is_a_readable_failure(
    text_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_file: Path, _content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    run = create_run(short_settings(text_file), "full", tmp_path)
    monkeypatch.setattr(Path, "write_bytes", full)
    result = work(run, run.settings, StopSignal())
    assert result.state == run.state() == "failed" and "disk is full" in result.reason


def _wait_for(run: Run, kind: type, at_least: int) -> None:
    until = time.monotonic() + 120
    while sum(isinstance(event, kind) for event in run.events()) < at_least:
        assert run.is_alive() and time.monotonic() < until, run.log_file.read_text()
        time.sleep(0.05)


def _kill(run: Run) -> None:
    process = run.process_id()
    assert process is not None
    os.kill(process, signal.SIGKILL)
    wait_until_gone(run)


def _steps(run: Run) -> list[int]:
    return [event.step for event in run.events() if isinstance(event, StepEvent)]


def _losses(run: Run) -> list[float]:
    return [event.loss for event in run.events() if isinstance(event, StepEvent)]
