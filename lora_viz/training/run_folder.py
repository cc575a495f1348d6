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
from lora_viz.i18n import _
from lora_viz.storage import expanded, writing_in
from lora_viz.training import locks
from lora_viz.training.events import (
    Activity,
    CheckpointEvent,
    Event,
    SnapshotEvent,
    StateEvent,
    read_events,
)
from lora_viz.training.reserve import take_room
from lora_viz.training.results import End, Result
from lora_viz.training.settings import TrainingSettings, parse_settings

State = Activity | End | Literal["interrupted"]
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
            _("“%s” cannot name a run; use up to 80 letters, digits, and . - _ between them.")
            % name[:80]
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
        try:
            return parse_settings((self.path / "settings.json").read_bytes())
        except OSError:
            raise UserError(_("There is no run “%s”.") % self.name) from None

    @property
    def events_file(self) -> Path:
        """Where events are appended."""
        return self.path / "events.jsonl"

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
        """What was recorded so far, oldest first."""
        return read_events(self.events_file)

    def result(self) -> Result | None:
        """What the job found out, or None while it has not ended."""
        try:
            return Result.model_validate_json((self.path / "result.json").read_bytes())
        except (FileNotFoundError, ValueError):
            return None

    def is_alive(self) -> bool:
        """Whether the job's process lives."""
        return locks.is_held(self.lock_file)

    def state(self, events: list[Event] | None = None) -> State:
        """What the run is doing, or how it ended; `events` if they have been read already."""
        alive = self.is_alive()
        result = self.result()
        if result is not None:
            return result.state
        if not alive:
            return "interrupted"
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
            if isinstance(event, CheckpointEvent) and (self.path / event.folder).is_dir():
                return self.path / event.folder
        return None

    def remember_process(self, process: int) -> None:
        """Note which process does the job."""
        write_whole(self.path / "process.json", json.dumps({"pid": process}))

    def process_id(self) -> int | None:
        """The process that does the job, or None if it has gone."""
        try:
            process = json.loads((self.path / "process.json").read_bytes())["pid"]
        except (OSError, ValueError, KeyError):
            return None
        return process if self.is_alive() else None

    def created(self) -> float:
        """When the run was made, in seconds since 1970."""
        return (self.path / "settings.json").stat().st_mtime

    def delete(self) -> None:
        """Remove the folder and all in it.

        Raises:
            UserError: the job's process lives, or the folder cannot be written.
        """
        if self.is_alive():
            raise UserError(_("“%s” is still running; stop it first.") % self.name)
        with writing_in(self.path, RUNS):
            shutil.rmtree(self.path)


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
    """The followed layers of a snapshot; with DoRA ΔW is that of A and B, before its magnitude."""
    from safetensors.numpy import load_file

    tensors = load_file(run.path / event.file)
    return [
        _layer_snapshot(reading.layer, reading.scaling or 1.0, tensors) for reading in event.layers
    ]


def read_base_weights(run: Run) -> dict[str, np.ndarray]:
    """W (out, in) of the followed layers by name; empty where they are too large to be kept."""
    from safetensors.numpy import load_file

    file = run.path / "snapshots" / "base.safetensors"
    if not file.is_file():
        return {}
    return {name.removesuffix(".weight"): tensor for name, tensor in load_file(file).items()}


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
            write_whole(path / "settings.json", settings.model_dump_json(indent=1))
            take_room(path)
        except OSError:
            shutil.rmtree(path, ignore_errors=True)
            raise
    return Run(path)


def find_run(name: str, root: Path | None = None) -> Run:
    """The run of this name. Raises `UserError` where there is none."""
    path = (root or runs_folder()) / check_name(name)
    if not (path / "settings.json").is_file():
        raise UserError(_("There is no run “%s”.") % name)
    return Run(path)


def list_runs(root: Path | None = None) -> list[Run]:
    """Every run, newest first."""
    files = (root or runs_folder()).glob("*/settings.json")
    runs = [Run(file.parent) for file in files if NAME_FORM.fullmatch(file.parent.name)]
    return sorted(runs, key=lambda run: (run.created(), run.name), reverse=True)


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
    raise UserError(_("There is a run “%s” already; choose another name.") % names[0])


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
        assert a is not None and b is not None
        delta = scaling * (b @ a)
    return LayerSnapshot(layer, a, b, delta, tensor("magnitude"))
