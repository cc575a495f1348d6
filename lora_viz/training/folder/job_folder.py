"""A folder with a lock, a process and a log: what a run and a rank sweep both are."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from lora_viz.errors import UserError
from lora_viz.i18n import N_
from lora_viz.storage import RUNS, need_text, need_writable, writing_in
from lora_viz.training.folder import locks
from lora_viz.training.folder.damage import Damage, DamagedFileError
from lora_viz.training.folder.files import exists, plain_file_damage, read_json
from lora_viz.training.folder.unchanged import stamp
from lora_viz.training.folder.writing import write_whole

PROCESS, LOCK, LOG = "process.json", "job.lock", "process.log"
LAST_SECOND = 253_402_300_799.0  # of the year 9999; a file system may hold any number


@dataclass(frozen=True)
class JobFolder:
    """A run's or a sweep's folder. Its methods read what is there now, whatever its process does.

    `ORDER` is the file that says what is to be done, which is written first.
    """

    path: Path
    ORDER: ClassVar[str]

    @property
    def name(self) -> str:
        """Its name, which is the folder's."""
        return self.path.name

    @property
    def lock_file(self) -> Path:
        """What its process locks for as long as it lives."""
        return self.path / LOCK

    @property
    def log_file(self) -> Path:
        """What its process prints."""
        return self.path / LOG

    def is_alive(self) -> bool:
        """Whether its process lives."""
        return locks.is_held(self.lock_file)

    @contextmanager
    def held(self) -> Iterator[int]:
        """Its lock, as an open descriptor, until this block ends.

        A process that inherits the descriptor holds the lock beyond that.

        Raises:
            UserError: its process lives, or the folder cannot be written.
        """
        need_text(self.path, RUNS)
        with writing_in(self.path, RUNS):
            need_writable(self.path)
            lock = locks.take(self.lock_file)
        if lock is None:
            raise UserError(N_("“%s” is still running."), self.name)
        try:
            yield lock
        finally:
            os.close(lock)

    def remember_process(self, process: int) -> None:
        """Note which process works on it. Raises `OSError`."""
        write_whole(self.path / PROCESS, json.dumps({"pid": process}))

    def forget_process(self) -> None:
        """Let no process be noted; the caller holds the lock.

        Raises:
            DamagedFileError: a folder stands where the next one is to be noted.
            OSError: the folder takes no change.
        """
        noted = self.path / PROCESS
        if noted.is_dir():
            raise DamagedFileError(Damage(PROCESS, "folder"))
        noted.unlink(missing_ok=True)

    def process_id(self) -> int | None:
        """The process that works on it, or None if it has gone or is not known."""
        return self._noted_process()[0] if self.is_alive() else None

    def created(self) -> float:
        """When it was made, in seconds since 1970; 0 where its folder cannot be read."""
        for path in (self.path / self.ORDER, self.path):
            if found := stamp(path)[0]:
                return min(max(found / 1e9, 0.0), LAST_SECOND)
        return 0.0

    def damages(self) -> tuple[Damage, ...]:
        """What is wrong with its files; nothing where all can be read."""
        damages = [plain_file_damage(self.path, LOCK)]
        if exists(self.path / PROCESS):
            damages.append(self._noted_process()[1])
        return tuple(damage for damage in damages if damage)

    def delete(self) -> None:
        """Remove the folder and all in it.

        Raises:
            UserError: its process lives, or the folder cannot be written.
        """
        if self.is_alive():
            raise UserError(N_("“%s” is still running; stop it first."), self.name)
        with writing_in(self.path, RUNS):
            if self.path.is_symlink():  # what it leads to is not ours
                self.path.unlink()
                return
            with self._held_while_deleted():
                shutil.rmtree(self.path)

    @contextmanager
    def _held_while_deleted(self) -> Iterator[None]:
        """Its lock, so that nobody resumes it meanwhile, unless what is there cannot be locked."""
        try:
            lock = locks.take(self.lock_file)
        except (OSError, ValueError):
            yield
            return
        if lock is None:
            raise UserError(N_("“%s” is still running; stop it first."), self.name)
        try:
            yield
        finally:
            os.close(lock)

    def _noted_process(self) -> tuple[int | None, Damage | None]:
        """The process that its file names, which may be gone, and what is wrong with that file."""
        try:
            found = read_json(self.path, PROCESS)
        except DamagedFileError as error:
            return None, error.damage
        process = found.get("pid") if isinstance(found, dict) else None
        # −1 and 0 stand for whole groups of processes
        if isinstance(process, bool) or not isinstance(process, int) or not 1 < process < 2**31:
            return None, Damage(PROCESS, "value", "pid")
        return process, None
