"""A rank sweep: the same job at several ranks and as full fine-tuning, one run after the other.

A sweep is a folder `runs/NAME/` with `sweep.json`, its plan; every run is a folder of its own
beside it, `runs/NAME.r8.s0/`. `end.json` says how its last process ended. What it found is read
from the runs' results, so a sweep that is stopped or killed keeps the runs that it finished.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from lora_viz.errors import UserError
from lora_viz.i18n import N_
from lora_viz.storage import RUNS, need_text, runs_folder, writing_in
from lora_viz.training.folder.damage import Damage, DamagedFileError
from lora_viz.training.folder.files import read_ending
from lora_viz.training.folder.job_folder import JobFolder
from lora_viz.training.folder.places import NameTakenError, check_name
from lora_viz.training.folder.reserve import take_room
from lora_viz.training.folder.unchanged import kept_while_unchanged
from lora_viz.training.folder.writing import make_first, write_whole
from lora_viz.training.jobs.queue import need_queue
from lora_viz.training.runs.kept_runs import SWEEP_PLAN
from lora_viz.training.runs.results import Ending, Result
from lora_viz.training.runs.run_folder import Run, read_run
from lora_viz.training.settings import TrainingSettings
from lora_viz.training.sweeps.plan import SweepPlan, read_plan

END = "end.json"
REMEMBERED = 256


class SweepEnd(Ending):
    """How a sweep's process ended, and for one that failed why and what to try."""


@dataclass(frozen=True)
class Sweep(JobFolder):
    """A sweep's folder. Its methods read what is there now."""

    ORDER: ClassVar[str] = SWEEP_PLAN

    def plan(self) -> SweepPlan:
        """What was to be done. Raises `UserError` where that cannot be read."""
        return self._planned()[0]

    def runs(self) -> list[Run]:
        """The runs that were planned, in their order, whether they began or not."""
        names = [f"{self.name}.{ending}" for ending in self._planned()[1]]
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
        found = read_plan(self.path / SWEEP_PLAN)
        return found if isinstance(found, Damage) else None

    def left(self) -> list[Run]:
        """The runs that are still to be done: those that diverged would diverge again."""
        return [run for run in self.runs() if not is_done(run)]

    def end(self) -> SweepEnd | None:
        """How its last process ended; None while it works, and where it was killed."""
        found = _read_end(self.path / END)
        return found if isinstance(found, SweepEnd) else None

    def damages(self) -> tuple[Damage, ...]:
        """What is wrong with its own files, those of its runs aside."""
        found = (self.damage(), _read_end(self.path / END))
        return (*(one for one in found if isinstance(one, Damage)), *super().damages())

    def _planned(self) -> tuple[SweepPlan, tuple[str, ...]]:
        """The plan and the endings of its runs' names. Raises `UserError`."""
        found = read_plan(self.path / SWEEP_PLAN)
        if not isinstance(found, Damage):
            return found
        if found.kind == "missing":
            raise UserError(N_("There is no rank sweep “%s”."), self.name)
        raise DamagedFileError(found)


def create_sweep(plan: SweepPlan, name: str, root: Path | None = None) -> Sweep:
    """Make a sweep's folder.

    Raises:
        NameTakenError: there is a sweep or a run of its name already.
        UserError: its name cannot be one, or the folder cannot be written.
    """
    root = root or runs_folder()
    path = root / check_name(name)
    need_text(root, RUNS)
    need_queue()  # or the sweep could not begin, and its folder would be left behind
    for suffix, _settings in plan.runs():
        if (root / f"{name}.{suffix}").exists():
            raise NameTakenError(
                N_("There is a run “%s” already; choose another name."), f"{name}.{suffix}"
            )
    with writing_in(root, RUNS):
        try:
            path.mkdir(parents=True)
            is_free = True
        except FileExistsError:
            is_free = path.is_dir() and not any(path.iterdir())
        if not is_free or not make_first(path / SWEEP_PLAN):
            raise NameTakenError(N_("There is a sweep “%s” already; choose another name."), name)
        try:
            write_whole(path / SWEEP_PLAN, plan.model_dump_json(indent=1))
            take_room(path)
        except OSError:
            shutil.rmtree(path, ignore_errors=True)
            raise
    return Sweep(path)


def is_done(run: Run) -> bool:
    """Whether nothing is left to do of a run: it finished, or would diverge again."""
    result = run.result()
    return result is not None and (result.state == "finished" or result.diverged_at is not None)


@kept_while_unchanged(REMEMBERED)
def _read_end(path: Path) -> SweepEnd | Damage | None:
    return read_ending(path, SweepEnd)
