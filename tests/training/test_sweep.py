"""A rank sweep keeps each run in a separate folder and goes on where it was cut off."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lora_viz.errors import UserError
from lora_viz.i18n import Message
from lora_viz.training.jobs import launch
from lora_viz.training.jobs.record import Record
from lora_viz.training.jobs.stopping import StopSignal
from lora_viz.training.runs import kept_runs
from lora_viz.training.runs.kept_runs import create_run
from lora_viz.training.sweeps.job import work
from lora_viz.training.sweeps.plan import SweepPlan
from lora_viz.training.sweeps.sweep import SweepEnd, create_sweep
from tests.training.jobs import short_settings


def test_a_sweep_varies_the_rank_only_and_is_not_done_twice(
    text_file: Path, tmp_path: Path
) -> None:
    settings = short_settings(text_file, steps=1, snapshot_every=0)
    plan = SweepPlan(settings=settings, ranks=(1, 2), learning_rates={2: 0.25})
    sweep = create_sweep(plan, "ranks", tmp_path)
    assert [result.state for result in work(sweep, StopSignal())] == ["finished"] * 3
    done = sweep.results()
    assert [chosen.scenario.rank for chosen, _result in done[:2]] == [1, 2]
    assert [chosen.learning_rate for chosen, _result in done] == [5e-3, 0.25, 1e-3]
    assert done[2][0].scenario.method == "full"
    alike = [
        chosen.scenario.model_dump(exclude={"rank", "alpha", "method"}) for chosen, _result in done
    ]
    assert alike == [settings.scenario.model_dump(exclude={"rank", "alpha", "method"})] * 3
    ends = [result.ended for _settings, result in done]
    assert [result.ended for result in work(sweep, StopSignal())] == ends
    with pytest.raises(UserError, match="already"):
        create_sweep(plan, "ranks", tmp_path)


def test_however_a_sweep_ends_it_is_told(
    text_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = short_settings(text_file, steps=1, snapshot_every=0, evaluation_sequences=1)
    sweep = create_sweep(SweepPlan(settings=settings, ranks=(1, 2), with_full=False), "s", tmp_path)
    stop = StopSignal()
    stop.request()
    assert work(sweep, stop) == [] and sweep.end() == SweepEnd(state="stopped")

    def full(*_given: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(kept_runs, "take_room", full)
        patch.setattr(sys, "stderr", open("/dev/full", "w", buffering=1))  # noqa: PTH123, SIM115
        assert work(sweep, StopSignal()) == []
    end = sweep.end()
    assert end and end.state == "failed" and "is full" in end.reason
    assert len(sweep.left()) == 2 and not list(tmp_path.glob("s.*"))

    diverged = create_run(settings, "s.r1.s0", tmp_path)
    told = Record(diverged)
    told.keep(diverged_at=1)
    told.end("failed", Message("Training diverged."))
    assert [run.name for run in sweep.left()] == ["s.r2.s0"]
    assert [result.state for result in work(sweep, StopSignal())] == ["failed", "finished"]
    assert sweep.end() == SweepEnd(state="finished") and not sweep.left()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (os.mkfifo, "not an ordinary file"),
        (Path.mkdir, "is a folder"),
        (lambda file: os.truncate(os.open(file, os.O_CREAT | os.O_WRONLY), 2**40), "too large"),
        (lambda file: file.write_text('{"state": "asleep"}'), "cannot use"),
    ],
)
def test_whatever_stands_where_its_end_should_is_said(
    make: Callable[[Path], object], said: str, tmp_path: Path
) -> None:
    sweep = create_sweep(SweepPlan(settings=short_settings(), ranks=(1,)), "s", tmp_path)
    assert sweep.end() is None and sweep.damages() == ()
    make(sweep.path / "end.json")
    assert sweep.end() is None
    (damage,) = sweep.damages()
    assert damage.file == "end.json" and said in str(damage.sentence())


def test_a_sweep_is_stopped_as_a_run_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = SweepPlan(settings=short_settings(), ranks=(1,))
    asked: list[int] = []
    monkeypatch.setattr(os, "kill", lambda process, _signal: asked.append(process))
    for folder in (create_sweep(plan, "s", tmp_path), create_run(plan.settings, "r", tmp_path)):
        with pytest.raises(UserError, match="still running"), folder.held():
            folder.remember_process(os.getpid())
            assert folder.is_alive() and launch.stop(folder)
            folder.delete()
        assert not folder.is_alive() and not launch.stop(folder)
        assert folder.created() > 0 and not folder.damages()
        folder.delete()
        assert not folder.path.exists()
    assert asked == [os.getpid()] * 4  # to stop, and to go on if it is suspended
