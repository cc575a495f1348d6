"""A rank sweep: the same job at several ranks and as full fine-tuning, one run after the other.

A sweep is a folder `runs/NAME/` with `sweep.json`, its plan; every run is a folder of its own
beside it, `runs/NAME.r8.s0/`. `start` gives all of them to one process, which loads the libraries
once: `python -m lora_viz.training.sweeps.sweep FOLDER`. What it found is read from the runs'
results, so a sweep that is stopped or killed keeps the runs that it finished.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from lora_viz.errors import UserError
from lora_viz.i18n import N_, set_language
from lora_viz.storage import need_writable, writable_folder, writing_in
from lora_viz.training.jobs.failures import explain
from lora_viz.training.jobs.job import do_job
from lora_viz.training.jobs.launch import place_in_queue, prepare_to_resume
from lora_viz.training.jobs.printing import print_without_failing
from lora_viz.training.jobs.queue import Ticket, own_ticket, wait_for_turn
from lora_viz.training.jobs.record import Record
from lora_viz.training.jobs.stopping import StopRequestedError, StopSignal
from lora_viz.training.runs import locks
from lora_viz.training.runs.events import Event, StateEvent
from lora_viz.training.runs.files import (
    Damage,
    DamagedFileError,
    damage_of,
    kept_while_unchanged,
    read_file,
)
from lora_viz.training.runs.reserve import take_room, write_into_room
from lora_viz.training.runs.results import Ending, Result, ending
from lora_viz.training.runs.run_folder import (
    RUNS,
    SWEEP_PLAN,
    Run,
    check_name,
    create_run,
    process_of,
    read_run,
    runs_folder,
    write_whole,
)
from lora_viz.training.settings import TrainingSettings

END = "end.json"
RANKS = (1, 2, 4, 8, 16, 32)
LARGEST_SWEEP = 1_000  # runs
REMEMBERED = 256
ALPHA_PER_RANK = 2  # alpha = 2r at every rank, so that ΔW is scaled alike

Listener = Callable[[Run, Event], None]


class SweepPlan(BaseModel):
    """What a sweep varies; everything else is as in `settings`.

    `learning_rates` are those of LoRA at each rank and of full fine-tuning (rank 0); a rank that
    is not in it has the settings' rate, full fine-tuning its usual one.
    """

    model_config = ConfigDict(frozen=True)

    settings: TrainingSettings
    ranks: Annotated[tuple[int, ...], Field(min_length=1)] = RANKS
    with_full: bool = True
    seeds: Annotated[tuple[int, ...], Field(min_length=1)] = (0,)
    learning_rates: dict[int, float] = {}

    def runs(self) -> list[tuple[str, TrainingSettings]]:
        """The ending of each run's name, and its settings."""
        planned = []
        for seed in self.seeds:
            for rank in (*self.ranks, *((0,) if self.with_full else ())):
                name = f"r{rank}.s{seed}" if rank else f"full.s{seed}"
                planned.append((name, self._settings(rank, seed)))
        return planned

    def _settings(self, rank: int, seed: int) -> TrainingSettings:
        scenario = self.settings.scenario
        scenario = (
            scenario.changed(method="lora", rank=rank, alpha=ALPHA_PER_RANK * rank)
            if rank
            else scenario.changed(method="full")
        )
        settings = self.settings.with_scenario(scenario).changed(seed=seed)
        rate = self.learning_rates.get(rank)
        return settings if rate is None else settings.changed(learning_rate=rate)


class SweepEnd(Ending):
    """How a sweep's process ended, and for one that failed why and what to try."""


@dataclass(frozen=True)
class Sweep:
    """A sweep's folder. Its methods read what is there now."""

    path: Path

    def plan(self) -> SweepPlan:
        """What was to be done. Raises `UserError` where that cannot be read."""
        return self._planned()[0]

    @property
    def lock_file(self) -> Path:
        """What the sweep's process locks for as long as it lives."""
        return self.path / "job.lock"

    def is_alive(self) -> bool:
        """Whether the sweep's process lives."""
        return locks.is_held(self.lock_file)

    def runs(self) -> list[Run]:
        """The runs that were planned, in their order, whether they began or not."""
        names = [f"{self.path.name}.{ending}" for ending in self._planned()[1]]
        return [Run(self.path.parent / name) for name in names]

    def results(self) -> list[tuple[TrainingSettings, Result]]:
        """Settings and result of every run that finished, but for those that cannot be read."""
        return [(run.settings, result) for run, result in self.finished()]

    def finished(self) -> list[tuple[Run, Result]]:
        """Every run that finished, but for those that cannot be read."""
        readable = [run for run in self.runs() if isinstance(read_run(run.path), Run)]
        found = [(run, run.result()) for run in readable]
        return [(run, result) for run, result in found if result and result.state == "finished"]

    def damage(self) -> Damage | None:
        """What is wrong with its plan; None if that can be read."""
        found = _read_plan(self.path / SWEEP_PLAN)
        return found if isinstance(found, Damage) else None

    def left(self) -> list[Run]:
        """The runs that are still to be done: those that diverged would diverge again."""
        return [run for run in self.runs() if not _is_done(run)]

    def end(self) -> SweepEnd | None:
        """How its last process ended; None while it works, and where it was killed."""
        try:
            return SweepEnd.model_validate_json((self.path / END).read_bytes())
        except (OSError, ValueError):
            return None

    def process_id(self) -> int | None:
        """The sweep's process, or None if it has gone or is not known."""
        return process_of(self.path) if self.is_alive() else None

    def _planned(self) -> tuple[SweepPlan, tuple[str, ...]]:
        """The plan and the endings of its runs' names. Raises `UserError`."""
        found = _read_plan(self.path / SWEEP_PLAN)
        if not isinstance(found, Damage):
            return found
        if found.kind == "missing":
            raise UserError(N_("There is no rank sweep “%s”."), self.path.name)
        raise DamagedFileError(found)


@kept_while_unchanged(REMEMBERED)
def _read_plan(path: Path) -> tuple[SweepPlan, tuple[str, ...]] | Damage:
    content = b""
    try:
        content = read_file(path.parent, SWEEP_PLAN)
        plan = SweepPlan.model_validate_json(content)
        if len(plan.seeds) * (len(plan.ranks) + plan.with_full) > LARGEST_SWEEP:
            return Damage(SWEEP_PLAN, "value", "ranks")
        return plan, tuple(ending for ending, _settings in plan.runs())
    except DamagedFileError as error:
        return error.damage
    except UserError:  # of a rank or a seed
        return Damage(SWEEP_PLAN, "value", "ranks")
    except Exception as error:  # whatever a field's check raises, the file is at fault
        return damage_of(SWEEP_PLAN, content, error)


def create_sweep(plan: SweepPlan, name: str, root: Path | None = None) -> Sweep:
    """Make a sweep's folder.

    Raises:
        UserError: its name cannot be one or is taken, or the folder cannot be written.
    """
    root = root or runs_folder()
    path = root / check_name(name)
    writable_folder("queue")  # or the sweep could not begin, and its folder would be left behind
    for suffix, _settings in plan.runs():
        if (root / f"{name}.{suffix}").exists():
            raise UserError(
                N_("There is a run “%s” already; choose another name."), f"{name}.{suffix}"
            )
    with writing_in(root, RUNS):
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            if not path.is_dir() or any(path.iterdir()):
                raise UserError(
                    N_("There is a sweep “%s” already; choose another name."), name
                ) from None
        try:
            write_whole(path / SWEEP_PLAN, plan.model_dump_json(indent=1))
            take_room(path)
        except OSError:
            shutil.rmtree(path, ignore_errors=True)
            raise
    return Sweep(path)


def start(sweep: Sweep) -> None:
    """Do the sweep in a process of its own; a sweep that was cut off goes on with what is left.

    Raises:
        UserError: it runs already, or its folder cannot be written.
    """
    with place_in_queue() as ticket:
        _start_process(sweep, ticket)


def work(sweep: Sweep, stop: StopSignal, listener: Listener | None = None) -> list[Result]:
    """Wait for the sweep's turn and do its runs; those that were done before are not done again.

    The caller holds the sweep's lock. `listener` hears of every event of every run. However the
    sweep ends, `Sweep.end` tells.
    """
    plan = sweep.plan()
    set_language(plan.settings.scenario.language)
    results: list[Result] = []
    try:
        with suppress(OSError):
            (sweep.path / END).unlink(missing_ok=True)
        take_room(sweep.path)
        _do_all(sweep, plan, stop, listener or (lambda _run, _event: None), results)
        end = SweepEnd(state="finished")
    except (StopRequestedError, KeyboardInterrupt):
        end = SweepEnd(state="stopped")
    except (Exception, SystemExit) as error:
        if not isinstance(error, UserError):
            with suppress(OSError, ValueError):  # the log may be on the disk that is full
                traceback.print_exc()
        end = SweepEnd(state="failed", **ending(*explain(error)))
    with suppress(OSError):  # a disk that takes nothing at all cannot be told anything
        write_into_room(sweep.path, END, end.model_dump_json().encode())
    return results


def main() -> None:
    """Do the sweep of the folder that the command line names; exit with 1 if a run fails."""
    print_without_failing()
    stop = StopSignal()
    stop.listen()
    sweep = Sweep(Path(sys.argv[1]))
    results = work(sweep, stop)
    end = sweep.end()
    is_failed = end is None or end.state == "failed"
    sys.exit(1 if is_failed or any(result.state == "failed" for result in results) else 0)


def _start_process(sweep: Sweep, ticket: Ticket) -> None:
    with writing_in(sweep.path, RUNS):
        need_writable(sweep.path)
        lock = locks.take(sweep.lock_file)
    if lock is None:
        raise UserError(N_("“%s” is still running."), sweep.path.name)
    try:
        with writing_in(sweep.path, RUNS):
            take_room(sweep.path)
            log = (sweep.path / "process.log").open("ab")
        with log:
            process = subprocess.Popen(
                [sys.executable, "-m", "lora_viz.training.sweeps.sweep", str(sweep.path)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(lock, ticket.descriptor),
                env=ticket.environment(),
            )
    except UserError:
        raise
    except OSError as error:
        raise UserError(N_("The job cannot be started: %s."), error.strerror or error) from None
    finally:
        os.close(lock)
    with suppress(OSError):
        write_whole(sweep.path / "process.json", json.dumps({"pid": process.pid}))


def _do_all(
    sweep: Sweep, plan: SweepPlan, stop: StopSignal, tell: Listener, results: list[Result]
) -> None:
    runs = sweep.runs()
    ticket = own_ticket()
    try:
        wait_for_turn(
            ticket, stop, lambda ahead: tell(runs[0], StateEvent(state="queued", ahead=ahead))
        )
        for run, (_ending, settings) in zip(runs, plan.runs(), strict=True):
            stop.check()
            results.append(_do(run, settings, stop, tell))
    finally:
        ticket.give_back()


def _is_unbegun(folder: Path) -> bool:
    """Whether nothing is in a folder but what a run takes before it has settings."""
    return folder.is_dir() and all(one.name.startswith(".") for one in folder.iterdir())


def _is_done(run: Run) -> bool:
    result = run.result()
    return result is not None and (result.state == "finished" or result.diverged_at is not None)


def _do(run: Run, settings: TrainingSettings, stop: StopSignal, tell: Listener) -> Result:
    earlier = run.result()
    if earlier and _is_done(run):
        return earlier
    if not (run.path / "settings.json").is_file():
        if _is_unbegun(run.path):  # killed before its settings were written
            shutil.rmtree(run.path, ignore_errors=True)
        create_run(settings, run.name, run.path.parent)
    prepare_to_resume(run)
    lock = locks.take(run.lock_file)
    if lock is None:
        raise UserError(N_("“%s” is still running."), run.name)
    try:
        run.remember_process(os.getpid())
        record = Record(run, lambda event: tell(run, event))
        return do_job(run, settings, stop, record, simulates_memory=False)
    finally:
        os.close(lock)


if __name__ == "__main__":
    main()
