"""However a job ends, its folder can be read, and what it had is kept."""

from __future__ import annotations

import errno
import fcntl
import itertools
import os
import random
import shutil
import signal
import stat
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from peft import PeftModel
from transformers import AutoModelForCausalLM

from lora_viz.errors import UserError
from lora_viz.training.folder import locks, reserve
from lora_viz.training.jobs import launch
from lora_viz.training.jobs.job import do_job, end_of
from lora_viz.training.jobs.launch import prepare_to_resume
from lora_viz.training.jobs.queue import draw_ticket
from lora_viz.training.jobs.record import Record
from lora_viz.training.jobs.stopping import StopSignal
from lora_viz.training.runs import kept_runs
from lora_viz.training.runs.events import (
    CheckpointEvent,
    Event,
    ResumedEvent,
    StateEvent,
    StepEvent,
)
from lora_viz.training.runs.events import EventWriter as RealWriter
from lora_viz.training.runs.kept_runs import create_run
from lora_viz.training.runs.results import LayerChange
from lora_viz.training.runs.run_folder import Run
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


def test_tickets_are_in_the_order_of_the_starts_whatever_the_clock_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = draw_ticket()
    monkeypatch.setattr(time, "time_ns", lambda: 10**9)  # it was set back to 1970
    second, third = draw_ticket(), draw_ticket()
    assert [second.ahead() - first.ahead(), third.ahead() - first.ahead()] == [1, 2]
    for ticket in (first, second, third):
        ticket.give_back()


def test_a_ticket_that_was_taken_for_a_dead_jobs_is_drawn_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    take, drawn = locks.take, []

    def take_too_late(path: Path) -> int | None:
        descriptor = take(path)
        if not drawn:
            path.unlink()  # another job has looked at it before it was locked
        drawn.append(path)
        return descriptor

    monkeypatch.setattr(locks, "take", take_too_late)
    ticket = draw_ticket()
    assert ticket.path.is_file() and len(drawn) == 2
    ticket.give_back()


def test_the_seconds_of_a_job_are_those_that_passed_whatever_the_clock_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = Record(create_run(short_settings(), "one", tmp_path))
    record.begin("loading")
    monkeypatch.setattr(time, "time", lambda: 86_400.0)
    result = record.end("stopped")
    assert result.ended >= result.started and result.seconds["loading"] >= 0


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


class FullDisk:
    """From `fill` on, no file that is written here grows; bytes that were there can be changed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_full = False
        self._write = os.write
        monkeypatch.setattr(reserve.os, "write", self.write)
        monkeypatch.setattr(kept_runs, "write_whole", self.write_whole)

    def write(self, descriptor: int, content: bytes) -> int:
        appends = fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_APPEND
        size = os.fstat(descriptor).st_size
        start = size if appends else os.lseek(descriptor, 0, os.SEEK_CUR)
        if self.is_full and stat.S_ISREG(os.fstat(descriptor).st_mode):
            content = content[: size - start]
            if not content:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self._write(descriptor, content)

    def write_whole(self, _path: Path, _text: str) -> None:
        assert self.is_full
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("moment", [1, 3, 6, 10, 14, 17, 20])
def test_a_disk_that_fills_at_any_moment_is_the_reason_and_it_goes_on(
    moment: int, text_file: Path, finished: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create_run(short_settings(text_file), "full", tmp_path)
    heard = itertools.count(1)
    with monkeypatch.context() as patch:
        disk = FullDisk(patch)
        patch.setattr(sys, "stderr", open("/dev/full", "w", buffering=1))  # noqa: PTH123, SIM115

        def fill(_event: Event) -> None:
            disk.is_full = next(heard) >= moment

        result = do_job(run, run.settings, StopSignal(), Record(run, fill), simulates_memory=False)
    assert result.state == run.state() == "failed" and "disk is full" in result.reason
    assert result == run.result() and run.events() and run.can_resume()
    prepare_to_resume(run)
    result = do_job(run, run.settings, StopSignal(), Record(run), simulates_memory=False)
    assert result.state == "finished", result.reason
    file = "adapter_model.safetensors"
    mine, whole = (one.adapter_folder / file for one in (run, finished))
    assert mine.read_bytes() == whole.read_bytes()


def test_a_result_that_is_larger_than_the_room_says_the_least(tmp_path: Path) -> None:
    run = create_run(short_settings(), "large", tmp_path)
    record = Record(run)
    values = tuple(float(place) for place in range(200_000))
    change = LayerChange(
        layer="h.0", shape=(1, 1), singular_values=values, delta_norm=1.0, base_norm=None
    )
    record.keep(layer_changes=(change,), steps=6)
    with pytest.MonkeyPatch.context() as patch:
        FullDisk(patch).is_full = True
        result = record.end("finished")
    told = run.result()
    assert told and told == result and told.state == "failed" and "disk is full" in told.reason
    assert told.steps == 6 and not told.layer_changes and run.can_resume()


def test_a_disk_that_is_full_at_the_start_lets_nothing_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FullDisk(monkeypatch).is_full = True
    with pytest.raises(UserError, match=f"The disk that holds {tmp_path} is full"):
        create_run(short_settings(), "full", tmp_path)
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.EFBIG, "File too large"), "largest size that is allowed"),
        (RuntimeError("I/O error: File too large (os error 27)"), "largest size that is allowed"),
        (
            RuntimeError("[enforce fail at inline_container.cc:664] . failed writing"),
            "disk is full",
        ),
        (RuntimeError("I/O error: No space left on device (os error 28)"), "disk is full"),
        (OSError(errno.EROFS, "Read-only file system", "/x"), "cannot be read or written"),
        (OSError("\udcff"), "failed"),
    ],
)
def test_reasons_are_told_apart(error: Exception, expected: str, tmp_path: Path) -> None:
    run = create_run(short_settings(), "failed", tmp_path)

    def fail() -> None:
        raise error

    result = end_of(fail, Record(run))
    assert result and result == run.result() and expected in result.reason
    assert "Traceback" in run.log_file.read_text()


def test_interrupted_twice_it_is_stopped(tmp_path: Path) -> None:
    run = create_run(short_settings(), "stopped", tmp_path)

    def interrupt() -> None:
        raise KeyboardInterrupt

    assert end_of(interrupt, Record(run)) == run.result() and run.state() == "stopped"


def test_a_terminal_that_is_gone_ends_nothing(text_file: Path, tmp_path: Path) -> None:
    def broken_pipe(_event: Event) -> None:
        raise BrokenPipeError

    run = create_run(short_settings(text_file, steps=1), "deaf", tmp_path)
    record = Record(run, broken_pipe)
    result = do_job(run, run.settings, StopSignal(), record, simulates_memory=False)
    assert result.state == "finished", result.reason


def test_a_run_that_is_deleted_while_it_works_ends_and_is_not_made_again(
    text_file: Path, tmp_path: Path
) -> None:
    run = create_run(short_settings(text_file), "one", tmp_path)

    def delete_at_the_first_step(event: Event) -> None:
        if isinstance(event, StepEvent):
            shutil.rmtree(run.path, ignore_errors=True)

    record = Record(run, delete_at_the_first_step)
    result = do_job(run, run.settings, StopSignal(), record, simulates_memory=False)
    assert result.state == "failed" and "deleted while it worked" in result.reason
    assert result.steps < 6 and not run.path.exists()


@pytest.mark.parametrize("rate", [10.0, 3.0])
def test_a_run_that_diverges_stops_at_once_and_says_where(
    rate: float, text_file: Path, tmp_path: Path
) -> None:
    scenario = {"optimizer": "sgd", "gradient_clipping": False, "method": "full"}
    settings = short_settings(
        text_file, scenario, steps=60, learning_rate=rate, schedule="constant"
    )
    run, result = run_here(tmp_path, "diverged", settings)
    steps = [event for event in run.events() if isinstance(event, StepEvent)]
    assert result.state == run.state() == "failed" and result.diverged_at == steps[-1].step < 60
    assert f"diverged at step {steps[-1].step}:" in result.reason
    assert f"learning rate there was {rate:g}." in result.reason and "lower" in result.advice
    assert result.held_out and result.held_out.before and not run.can_resume()
    with pytest.raises(UserError, match="would diverge again"):
        prepare_to_resume(run)


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
