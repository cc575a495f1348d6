"""One run's folder: made, read and deleted here. What is in it says the package's docstring."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from lora_viz.errors import UserError
from lora_viz.i18n import N_
from lora_viz.storage import expanded, writing_in
from lora_viz.training.runs import locks
from lora_viz.training.runs.events import (
    Activity,
    CheckpointEvent,
    Event,
    SnapshotEvent,
    StateEvent,
    recorded_events,
)
from lora_viz.training.runs.files import (
    Damage,
    DamagedFileError,
    damage_of,
    exists,
    folder_damage,
    kept_while_unchanged,
    plain_file_damage,
    read_file,
    read_json,
    read_tensors,
    stamp,
    stays_inside,
    tensor_damage,
)
from lora_viz.training.runs.reserve import take_room
from lora_viz.training.runs.results import End, Result
from lora_viz.training.settings import TrainingSettings

State = Activity | End | Literal["interrupted", "unreadable"]
SETTINGS, RESULT, EVENTS, PROCESS = "settings.json", "result.json", "events.jsonl", "process.json"
SWEEP_PLAN = "sweep.json"  # a folder that has one is a sweep's
ADAPTER_FILES = ("adapter/adapter_model.safetensors", "adapter/adapter_config.json")
# What only a run's folder holds, so that one without its settings is known for what it is.
MARKS = (
    SETTINGS,
    EVENTS,
    RESULT,
    PROCESS,
    "job.lock",
    "snapshots",
    "checkpoints",
    "adapter",
    "held_out_tokens.safetensors",
)
REMEMBERED = 1024
RUNS = "LORA_VIZ_RUNS"
PUT_ASIDE = "result.before_resuming.json"  # the result of a run that went on
NAME_FORM = re.compile(r"[^\W_][\w.-]{0,79}")


def runs_folder() -> Path:
    """Where runs are kept: `$LORA_VIZ_RUNS`, or `runs` in the working directory."""
    return expanded(os.environ.get(RUNS) or "runs")


def check_name(name: str) -> str:
    """The name of a run if it can be one. Raises `UserError`."""
    if not NAME_FORM.fullmatch(name):
        raise UserError(
            N_("“%s” cannot name a run; use up to 80 letters and digits, with . - _ between them."),
            name[:80],
        )
    return name


@dataclass(frozen=True)
class Run:
    """A run's folder. Its methods read what is there now, whatever state the job is in."""

    path: Path

    @property
    def name(self) -> str:
        """The run's name, which is its folder's."""
        return self.path.name

    @cached_property
    def settings(self) -> TrainingSettings:
        """What was to be done. Raises `UserError` where that cannot be read."""
        found = _read_settings(self.path / SETTINGS)
        if isinstance(found, TrainingSettings):
            return found
        if not exists(self.path):
            raise UserError(N_("There is no run “%s”."), self.name)
        raise DamagedFileError(found)

    @property
    def events_file(self) -> Path:
        """Where events are appended."""
        return self.path / EVENTS

    @property
    def lock_file(self) -> Path:
        """What the job's process locks for as long as it lives."""
        return self.path / "job.lock"

    @property
    def log_file(self) -> Path:
        """What the job's process prints."""
        return self.path / "process.log"

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

    def events(self) -> list[Event]:
        """What was recorded so far, oldest first; lines that cannot be read are left out."""
        return [*recorded_events(self.events_file).events]

    def result(self) -> Result | None:
        """What the job found out, or None while it has not ended or where it cannot be read."""
        found = self._recorded_result()
        return found if isinstance(found, Result) else None

    def damages(self) -> tuple[Damage, ...]:
        """What is wrong with the run's files; nothing where all can be read.

        A file that a job writes later, or that it may leave out, is not missed.
        """
        found = _read_settings(self.path / SETTINGS)
        result = self._recorded_result()
        damages = [found] if isinstance(found, Damage) else []
        damages += recorded_events(self.events_file).damages
        damages += [result] if isinstance(result, Damage) else []
        damages += self._process_damage()
        damages += self._damages_of_tensors(result if isinstance(result, Result) else None)
        return tuple(dict.fromkeys(damages))

    def is_alive(self) -> bool:
        """Whether the job's process lives."""
        return locks.is_held(self.lock_file)

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

    def remember_process(self, process: int) -> None:
        """Note which process does the job."""
        write_whole(self.path / PROCESS, json.dumps({"pid": process}))

    def process_id(self) -> int | None:
        """The process that does the job, or None if it has gone or is not known."""
        return process_of(self.path) if self.is_alive() else None

    def created(self) -> float:
        """When the run was made, in seconds since 1970; 0 where its folder cannot be read."""
        for path in (self.path / SETTINGS, self.path):
            if found := stamp(path)[0]:
                return found / 1e9
        return 0.0

    def _recorded_result(self) -> Result | Damage | None:
        return _read_result(self.path / RESULT)

    def _process_damage(self) -> list[Damage]:
        damages = [plain_file_damage(self.path, self.lock_file.name)]
        if exists(self.path / PROCESS):
            damages.append(_process_id(self.path)[1])
        return [damage for damage in damages if damage]

    def _damages_of_tensors(self, result: Result | None) -> list[Damage]:
        """What is wrong with the files of tensors that its events or its result name."""
        files = [event.file for event in self.events() if isinstance(event, SnapshotEvent)]
        optional = ["snapshots/base.safetensors", "held_out_tokens.safetensors"]
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

    def delete(self) -> None:
        """Remove the folder and all in it.

        Raises:
            UserError: the job's process lives, or the folder cannot be written.
        """
        if self.is_alive():
            raise UserError(N_("“%s” is still running; stop it first."), self.name)
        if self.path.is_symlink():  # what it leads to is not ours
            self.path.unlink()
        else:
            with writing_in(self.path, RUNS):
                shutil.rmtree(self.path)


@dataclass(frozen=True)
class UnreadableRun:
    """A folder among the runs whose settings cannot be read, and what is wrong with them."""

    path: Path
    damage: Damage

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name


@dataclass(frozen=True)
class LayerSnapshot:
    """One followed layer at one step: A (r, in), B (out, r), ΔW (out, in); float32.

    In full fine-tuning there is no A or B, and ΔW is W now − W before.
    """

    layer: str
    a: np.ndarray | None
    b: np.ndarray | None
    delta: np.ndarray
    magnitude: np.ndarray | None


def read_snapshot(run: Run, event: SnapshotEvent) -> list[LayerSnapshot]:
    """The followed layers of a snapshot; with DoRA ΔW is that of A and B, before its magnitude.

    Raises:
        UserError: its file is not that of the layers that the event names.
    """
    tensors = read_tensors(run.path, event.file)
    try:
        return [
            _layer_snapshot(one.layer, 1.0 if one.scaling is None else one.scaling, tensors)
            for one in event.layers
        ]
    except (KeyError, ValueError, TypeError):
        raise DamagedFileError(Damage(event.file, "no_tensors")) from None


def read_base_weights(run: Run) -> dict[str, np.ndarray]:
    """W (out, in) of the followed layers by name; empty where they are too large to be kept.

    Raises:
        UserError: their file cannot be read.
    """
    name = "snapshots/base.safetensors"
    if not exists(run.path / name):
        return {}
    return {
        layer.removesuffix(".weight"): tensor
        for layer, tensor in read_tensors(run.path, name).items()
    }


def create_run(
    settings: TrainingSettings, name: str | None = None, root: Path | None = None
) -> Run:
    """Make a run's folder with its settings in it.

    Raises:
        UserError: the name cannot be one or is taken, or the folder cannot be written.
    """
    root = root or runs_folder()
    with writing_in(root, RUNS):
        if name:
            path = _make_folder(root, [check_name(name)], takes_empty=True)
        else:
            path = _make_folder(root, _free_names(settings), takes_empty=False)
        try:
            write_whole(path / SETTINGS, settings.model_dump_json(indent=1))
            take_room(path)
        except OSError:
            shutil.rmtree(path, ignore_errors=True)
            raise
    return Run(path)


def find_run(name: str, root: Path | None = None) -> Run:
    """The run of this name, readable or not. Raises `UserError` where there is none."""
    path = (root or runs_folder()) / check_name(name)
    if not _is_run_folder(path):
        raise UserError(N_("There is no run “%s”."), name)
    return Run(path)


def list_runs(root: Path | None = None) -> list[Run]:
    """Every run whose settings can be read, newest first."""
    return [one for one in list_folders(root) if isinstance(one, Run)]


def list_folders(root: Path | None = None) -> list[Run | UnreadableRun]:
    """Every run, newest first, those that cannot be read among them."""
    try:
        paths = [*(root or runs_folder()).iterdir()]
    except OSError:  # no run has been made yet, or all are out of reach
        paths = []
    found = [Run(path) for path in paths if NAME_FORM.fullmatch(path.name) and _is_run_folder(path)]
    newest_first = sorted(found, key=lambda run: (run.created(), run.name), reverse=True)
    return [read_run(run.path) for run in newest_first]


def read_run(path: Path) -> Run | UnreadableRun:
    """The run of a folder, or what is wrong with its settings."""
    found = _read_settings(path / SETTINGS)
    return UnreadableRun(path, found) if isinstance(found, Damage) else Run(path)


def process_of(folder: Path) -> int | None:
    """The process that a run's or a sweep's folder names, or None; it may be gone."""
    return _process_id(folder)[0]


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is there in one piece or not at all. Raises `OSError`."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with unfinished.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise


def _make_folder(root: Path, names: list[str], *, takes_empty: bool) -> Path:
    """A new folder, or an empty one where those are taken, with the first name that is free.

    Raises:
        UserError: all names are taken.
        OSError: the folder cannot be made.
    """
    root.mkdir(parents=True, exist_ok=True)
    for name in names:
        path = root / name
        try:
            path.mkdir()
        except FileExistsError:
            if not (takes_empty and path.is_dir()) or any(path.iterdir()):
                continue
        return path
    raise UserError(N_("There is a run “%s” already; choose another name."), names[0])


def _free_names(settings: TrainingSettings) -> list[str]:
    """Names after what is trained and when; several jobs may start within one second."""
    scenario = settings.scenario
    method = "full" if scenario.method == "full" else f"{scenario.method}-r{scenario.rank}"
    stem = f"{settings.task}-{method}-{time.strftime('%Y%m%d-%H%M%S')}"
    return [stem, *(f"{stem}-{number}" for number in range(2, 100))]


def _layer_snapshot(layer: str, scaling: float, tensors: dict[str, np.ndarray]) -> LayerSnapshot:
    def tensor(name: str) -> np.ndarray | None:
        found = tensors.get(f"{layer}.{name}")
        return None if found is None else found.astype(np.float32)

    a, b, delta = tensor("A"), tensor("B"), tensor("delta")
    if delta is None:
        if a is None or b is None:
            raise KeyError(layer)
        delta = scaling * (b @ a)
    if delta.ndim != 2 or not delta.size:
        raise ValueError("ΔW is no matrix")
    return LayerSnapshot(layer, a, b, delta, tensor("magnitude"))


def _is_run_folder(path: Path) -> bool:
    """Whether a path is a run's folder: no sweep's, and with something of a run in it or empty.

    A link that leads nowhere may have been one.
    """
    try:
        names = {entry.name for entry in os.scandir(path)}
    except FileNotFoundError:
        return path.is_symlink()
    except NotADirectoryError:
        return False
    except (OSError, ValueError):
        return exists(path)
    return SWEEP_PLAN not in names and (not names or not names.isdisjoint(MARKS))


@kept_while_unchanged(REMEMBERED)
def _read_settings(path: Path) -> TrainingSettings | Damage:
    content = b""
    try:
        content = read_file(path.parent, SETTINGS)
        return TrainingSettings.model_validate_json(content)
    except DamagedFileError as error:
        return error.damage
    except Exception as error:  # whatever a field's check raises, the file is at fault
        return damage_of(SETTINGS, content, error)


@kept_while_unchanged(REMEMBERED)
def _read_result(path: Path) -> Result | Damage | None:
    content = b""
    try:
        content = read_file(path.parent, RESULT)
        return Result.model_validate_json(content)
    except DamagedFileError as error:
        return None if error.damage.kind == "missing" else error.damage
    except ValueError as error:
        return damage_of(RESULT, content, error)


def _process_id(folder: Path) -> tuple[int | None, Damage | None]:
    """The process of a folder's file, and what is wrong with that file."""
    try:
        found = read_json(folder, PROCESS)
    except DamagedFileError as error:
        return None, error.damage
    process = found.get("pid") if isinstance(found, dict) else None
    # −1 and 0 stand for whole groups of processes
    if isinstance(process, bool) or not isinstance(process, int) or not 1 < process < 2**31:
        return None, Damage(PROCESS, "value", "pid")
    return process, None
