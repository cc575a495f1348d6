"""`Run`: one run's folder, as it is now. What is in it says the docstring of `training`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Literal

from lora_viz.errors import UserError
from lora_viz.i18n import N_, Message
from lora_viz.training.folder.damage import Damage, DamagedFileError
from lora_viz.training.folder.files import exists, folder_damage, read_ending, read_model
from lora_viz.training.folder.job_folder import JobFolder
from lora_viz.training.folder.tensor_files import stays_inside, tensor_damage
from lora_viz.training.folder.unchanged import kept_while_unchanged
from lora_viz.training.runs.events import (
    Activity,
    CheckpointEvent,
    Event,
    SnapshotEvent,
    StateEvent,
    recorded_events,
)
from lora_viz.training.runs.results import End, Result
from lora_viz.training.settings import TrainingSettings

State = Activity | End | Literal["interrupted", "unreadable"]
SETTINGS, RESULT, EVENTS = "settings.json", "result.json", "events.jsonl"
PUT_ASIDE = "result.before_resuming.json"  # the result of a run that went on
BASE_WEIGHTS = "snapshots/base.safetensors"
HELD_OUT_TOKENS = "held_out_tokens.safetensors"
ADAPTER_FILES = ("adapter/adapter_model.safetensors", "adapter/adapter_config.json")
REMEMBERED = 1024


class MissingRunError(UserError):
    """There is no run of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(Message(N_("There is no run “%s”."), name))


@dataclass(frozen=True)
class Run(JobFolder):
    """A run's folder. Its methods read what is there now, whatever state the job is in."""

    ORDER: ClassVar[str] = SETTINGS

    @cached_property
    def settings(self) -> TrainingSettings:
        """What was to be done. Raises `UserError` where that cannot be read."""
        found = _read_settings(self.path / SETTINGS)
        if isinstance(found, TrainingSettings):
            return found
        if not exists(self.path):
            raise MissingRunError(self.name)
        raise DamagedFileError(found)

    def forget_settings(self) -> None:
        """Let the settings be read anew, after they were written."""
        self.__dict__.pop("settings", None)

    @property
    def events_file(self) -> Path:
        """Where events are appended."""
        return self.path / EVENTS

    @property
    def adapter_folder(self) -> Path:
        """The adapter in PEFT's format."""
        return self.path / "adapter"

    @property
    def model_folder(self) -> Path:
        """The whole model, which full fine-tuning saves."""
        return self.path / "model"

    @property
    def checkpoints_folder(self) -> Path:
        """Trainer's own folder, with a folder for each checkpoint."""
        return self.path / "checkpoints"

    @property
    def result_file(self) -> Path:
        """What the job writes at its end."""
        return self.path / RESULT

    def events(self) -> list[Event]:
        """What was recorded so far, oldest first; lines that cannot be read are left out."""
        return [*recorded_events(self.events_file).events]

    def result(self) -> Result | None:
        """What the job found out, or None while it has not ended or where it cannot be read."""
        found = self._recorded_result()
        return found if isinstance(found, Result) else None

    def result_damage(self) -> Damage | None:
        """Why the result cannot be read; None where it can be, and while the job has not ended."""
        found = self._recorded_result()
        return found if isinstance(found, Damage) else None

    def damages(self) -> tuple[Damage, ...]:
        """What is wrong with the run's files; nothing where all can be read.

        A file that a job writes later, or that it may leave out, is not missed.
        """
        found = _read_settings(self.path / SETTINGS)
        result = self._recorded_result()
        damages = [found] if isinstance(found, Damage) else []
        damages += recorded_events(self.events_file).damages
        damages += [result] if isinstance(result, Damage) else []
        damages += super().damages()
        damages += self._damages_of_tensors(result if isinstance(result, Result) else None)
        return tuple(dict.fromkeys(damages))

    def state(self, events: list[Event] | None = None) -> State:
        """What the run is doing, or how it ended; `events` if they have been read already.

        It is "unreadable" where there is a result that cannot be read.
        """
        alive = self.is_alive()
        result = self._recorded_result()
        if isinstance(result, Result):
            return result.state
        if not alive:
            return "interrupted" if result is None else "unreadable"
        recorded = self.events() if events is None else events
        last = next((event for event in reversed(recorded) if isinstance(event, StateEvent)), None)
        return last.state if last else "queued"

    def can_resume(self) -> bool:
        """Whether the job could go on: it ended before its last step, by itself or not.

        Its process may live on for a moment after it has told how it ended. A run that diverged
        would diverge again.
        """
        if self.state() not in ("interrupted", "stopped", "failed"):
            return False
        result = self.result()
        return result is None or result.diverged_at is None

    def last_checkpoint(self) -> Path | None:
        """The newest complete checkpoint."""
        for event in reversed(self.events()):
            if isinstance(event, CheckpointEvent) and stays_inside(event.folder):
                folder = self.path / event.folder
                if exists(folder) and folder_damage(self.path, event.folder) is None:
                    return folder
        return None

    def _recorded_result(self) -> Result | Damage | None:
        return _read_result(self.result_file)

    def _damages_of_tensors(self, result: Result | None) -> list[Damage]:
        """What is wrong with the files of tensors that its events or its result name."""
        files = [event.file for event in self.events() if isinstance(event, SnapshotEvent)]
        optional = [BASE_WEIGHTS, HELD_OUT_TOKENS]
        files += [name for name in optional if exists(self.path / name)]
        if result:
            files += [change.file for change in result.layer_changes if change.file]
        if exists(self.adapter_folder) or (result and result.files.adapter is not None):
            files.append(ADAPTER_FILES[0])
        folders = (self.adapter_folder, self.checkpoints_folder, self.path / "snapshots")
        found = [folder_damage(self.path, folder.name) for folder in folders]
        refused = tuple(damage.file for damage in found if damage)
        found += [
            tensor_damage(self.path, name) for name in files if not name.startswith(refused or " ")
        ]
        return [damage for damage in found if damage]


@dataclass(frozen=True)
class UnreadableRun:
    """A folder among the runs whose settings cannot be read, and what is wrong with them."""

    path: Path
    damage: Damage

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name


def read_run(path: Path) -> Run | UnreadableRun:
    """The run of a folder, or what is wrong with its settings."""
    found = _read_settings(path / SETTINGS)
    return UnreadableRun(path, found) if isinstance(found, Damage) else Run(path)


@kept_while_unchanged(REMEMBERED)
def _read_settings(path: Path) -> TrainingSettings | Damage:
    try:
        return read_model(path.parent, SETTINGS, TrainingSettings)
    except DamagedFileError as error:
        return error.damage


@kept_while_unchanged(REMEMBERED)
def _read_result(path: Path) -> Result | Damage | None:
    return read_ending(path, Result)
