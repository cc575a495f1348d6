"""Runs as pages read them: their files again only when they have changed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from lora_viz.errors import UserError
from lora_viz.training.curves import Curves, read_curves
from lora_viz.training.events import Event, StateEvent, read_events
from lora_viz.training.results import Result
from lora_viz.training.run_folder import Run, State, find_run, list_runs
from lora_viz.training.settings import TrainingSettings, parse_settings

ENDED = ("finished", "stopped", "failed", "interrupted")
REMEMBERED = 64


@dataclass(frozen=True)
class RecordedRun:
    """All that a run's folder said at one moment."""

    run: Run
    settings: TrainingSettings
    state: State
    events: list[Event]
    curves: Curves
    result: Result | None

    @property
    def name(self) -> str:
        """The run's name."""
        return self.run.name

    @property
    def is_running(self) -> bool:
        """Whether its process lives: it works, or waits for its turn."""
        return self.state not in ENDED

    @property
    def steps(self) -> int:
        """How many steps there will be, or were."""
        last = self.curves.last
        if last is None:
            return self.settings.steps
        return last.step if self.state == "finished" else last.steps

    @property
    def ahead(self) -> int:
        """How many jobs a queued one waits for; 0 for one that does not wait."""
        if self.state != "queued":
            return 0
        told = (event.ahead for event in reversed(self.events) if isinstance(event, StateEvent))
        return next(told, None) or 0


def recorded(run: Run) -> RecordedRun:
    """What a run's folder says now. Raises `UserError` where its settings cannot be read."""
    settings = _settings(run.path / "settings.json", _stamp(run.path / "settings.json"))
    events, _curves = _events(run.events_file, _stamp(run.events_file))
    state = run.state(events)
    has_ended = state in ENDED  # what was recorded before that is complete from here on
    events, curves = _events(run.events_file, _stamp(run.events_file))
    result = run.result() if has_ended else None
    return RecordedRun(run, settings, state, events, curves, result)


def all_runs() -> list[RecordedRun]:
    """Every run that can be read, newest first."""
    found = []
    for run in list_runs():
        try:
            found.append(recorded(run))
        except (UserError, OSError):  # deleted meanwhile, or not a run's folder
            continue
    return found


def chosen_run(name: str, runs: list[RecordedRun]) -> RecordedRun | None:
    """The run of this name; without one the run that works, or the newest.

    Raises:
        UserError: there is no run of this name.
    """
    if name:
        return next((one for one in runs if one.name == name), None) or recorded(find_run(name))
    working = [one for one in runs if one.is_running and one.state != "queued"]
    return next(iter(working or runs), None)


def _stamp(file: Path) -> tuple[int, int]:
    try:
        status = file.stat()
    except OSError:
        return (0, 0)
    return status.st_mtime_ns, status.st_size


@lru_cache(REMEMBERED)
def _events(file: Path, _stamp: tuple[int, int]) -> tuple[list[Event], Curves]:
    events = read_events(file)
    return events, read_curves(events)


@lru_cache(REMEMBERED)
def _settings(file: Path, _stamp: tuple[int, int]) -> TrainingSettings:
    try:
        return parse_settings(file.read_bytes())
    except OSError:
        return Run(file.parent).settings
