"""The runs that are kept: made, found and listed."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from lora_viz.i18n import N_
from lora_viz.storage import RUNS, need_text, runs_folder, writing_in
from lora_viz.training.folder.files import exists
from lora_viz.training.folder.job_folder import LOCK, PROCESS
from lora_viz.training.folder.places import NAME_FORM, NameTakenError, check_name
from lora_viz.training.folder.reserve import take_room
from lora_viz.training.folder.writing import make_first, write_whole
from lora_viz.training.runs.run_folder import (
    EVENTS,
    HELD_OUT_TOKENS,
    RESULT,
    SETTINGS,
    MissingRunError,
    Run,
    UnreadableRun,
    read_run,
)
from lora_viz.training.settings import TrainingSettings

SWEEP_PLAN = "sweep.json"  # a folder that has one is a sweep's
# What only a run's folder holds, so that one without its settings is known for what it is.
MARKS = (
    SETTINGS,
    EVENTS,
    RESULT,
    PROCESS,
    LOCK,
    "snapshots",
    "checkpoints",
    "adapter",
    HELD_OUT_TOKENS,
)


def create_run(
    settings: TrainingSettings, name: str | None = None, root: Path | None = None
) -> Run:
    """Make a run's folder with its settings in it.

    Raises:
        UserError: the name cannot be one or is taken, or the folder cannot be written.
    """
    root = root or runs_folder()
    need_text(root, RUNS)
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
        raise MissingRunError(name)
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


def _make_folder(root: Path, names: list[str], *, takes_empty: bool) -> Path:
    """A new folder, or an empty one where those are taken, with the first name that is free.

    Raises:
        NameTakenError: all names are taken.
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
        if make_first(path / SETTINGS):  # or another took the folder while it was empty
            return path
    raise NameTakenError(N_("There is a run “%s” already; choose another name."), names[0])


def _free_names(settings: TrainingSettings) -> list[str]:
    """Names after what is trained and when; several jobs may start within one second."""
    scenario = settings.scenario
    method = f"{scenario.method}-r{scenario.rank}" if scenario.trains_adapter else "full"
    stem = f"{settings.task}-{method}-{time.strftime('%Y%m%d-%H%M%S')}"
    return [stem, *(f"{stem}-{number}" for number in range(2, 100))]


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
