"""Runs as pages read them: their files again only when they have changed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lora_viz.errors import UserError
from lora_viz.i18n import _
from lora_viz.training.folder.damage import Damage, DamagedFileError
from lora_viz.training.folder.unchanged import kept_while_unchanged
from lora_viz.training.runs.curves import Curves, read_curves
from lora_viz.training.runs.events import Event, StateEvent, read_events
from lora_viz.training.runs.kept_runs import find_run, list_folders
from lora_viz.training.runs.public_names import in_a_cell
from lora_viz.training.runs.results import Result
from lora_viz.training.runs.run_folder import Run, State, UnreadableRun
from lora_viz.training.runs.shipped import is_shipped, shipped_runs
from lora_viz.training.settings import TrainingSettings
from lora_viz.ui.serving.reader import owns
from lora_viz.ui.session import state as session

ENDED = ("finished", "stopped", "failed", "interrupted", "unreadable")
REMEMBERED = 512


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
        """The run's name in links and lists; that of one that ships begins with a tilde."""
        return f"~{self.run.name}" if self.is_shipped else self.run.name

    @property
    def is_shipped(self) -> bool:
        """Whether it comes with the application."""
        return is_shipped(self.run.path)

    @property
    def is_own(self) -> bool:
        """Whether this reader may stop, resume and delete it."""
        return owns(self.run.path)

    @property
    def has_others_data(self) -> bool:
        """Whether it names a data file that is not this reader's to know of or to train on."""
        return bool(self.settings.data_file) and not self.is_own

    @property
    def open_settings(self) -> TrainingSettings:
        """Its settings as this reader may see and use them: without another reader's data."""
        if not self.has_others_data:
            return self.settings
        return self.settings.changed(data_file="", task=self.settings.task)

    def open_words(self, words: str) -> str:
        """Words of the run as this reader may see them: another reader's file has no name there."""
        if not self.has_others_data:
            return words
        file = self.settings.data_file
        for name in (file, Path(file).name, in_a_cell(Path(file).name)):
            words = words.replace(name, _("another reader's file"))
        return words

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


@dataclass(frozen=True)
class KeptRuns:
    """The runs of this machine, newest first, and the folders that cannot be read as one."""

    runs: list[RecordedRun]
    unreadable: list[UnreadableRun]

    @cached_property
    def own(self) -> list[RecordedRun]:
        """Those of this reader."""
        return [one for one in self.runs if one.is_own]

    @property
    def has_others(self) -> bool:
        """Whether there are folders of other readers, or of nobody."""
        return len(self.own) < len(self.runs) or not all(owns(one.path) for one in self.unreadable)

    @cached_property
    def offered(self) -> dict[str, RecordedRun]:
        """What a reader can choose of, by name: their own, all if they wish, those that ship."""
        listed = self.runs if session.view().all_runs else self.own
        shipped = [recorded(run) for run in shipped_runs().values()]
        return {one.name: one for one in (*listed, *shipped)}

    def to_begin_with(self) -> list[RecordedRun]:
        """The runs that ship, for a reader who has none of their own to compare."""
        return [one for one in self.offered.values() if one.is_shipped]

    def damaged(self) -> dict[str, tuple[Damage, ...]]:
        """What is wrong with the folders that a reader sees, by their names."""
        sees_all = session.view().all_runs
        unreadable = [one for one in self.unreadable if sees_all or owns(one.path)]
        listed = self.runs if sees_all else self.own
        found = {one.name: one.run.damages() for one in listed}
        return {one.name: (one.damage,) for one in unreadable} | {
            name: damages for name, damages in found.items() if damages
        }

    def find(self, name: str) -> RecordedRun:
        """The run of this name, any reader's. Raises `UserError` where it cannot be shown."""
        known = next((one for one in self.runs if one.name == name), None)
        if known:
            return known
        shipped = shipped_runs().get(name)
        try:
            return recorded(shipped or find_run(name))
        except DamagedFileError as error:
            raise UserError(
                _("The run “%(run)s” cannot be read: %(reason)s") % {"run": name, "reason": error}
            ) from None

    def usual(self) -> RecordedRun | None:
        """This reader's run that works, or their newest."""
        working = [one for one in self.own if one.is_running and one.state != "queued"]
        return next(iter(working or self.own), None)


def recorded(run: Run) -> RecordedRun:
    """What a run's folder says now. Raises `UserError` where its settings cannot be read."""
    settings = Run(run.path).settings  # as they are now
    state = run.state(read_events(run.events_file))
    # what was recorded before it ended is complete from here on
    result = run.result() if state in ENDED else None
    return RecordedRun(
        run, settings, state, read_events(run.events_file), _curves(run.events_file), result
    )


def kept_runs() -> KeptRuns:
    """Every run of this machine."""
    runs: list[RecordedRun] = []
    unreadable: list[UnreadableRun] = []
    for one in list_folders():
        if isinstance(one, UnreadableRun):
            unreadable.append(one)
            continue
        try:
            runs.append(recorded(one))
        except UserError:  # deleted meanwhile
            continue
    return KeptRuns(runs, unreadable)


@kept_while_unchanged(REMEMBERED)
def _curves(file: Path) -> Curves:
    return read_curves(read_events(file))
