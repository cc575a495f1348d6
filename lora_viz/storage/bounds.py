"""How much is kept of each kind of thing, and what goes where that is too much.

What was not used for longest goes first, whole folders that nobody uses before the rest. What
cannot be made again stays for as long as a run names it, and for a day after its last use.
"""

from __future__ import annotations

import errno
import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lora_viz.errors import UserError
from lora_viz.i18n import N_
from lora_viz.storage.environment import whole_number
from lora_viz.storage.folders import RUNS, base_folder, runs_folder
from lora_viz.storage.plain_files import read_plain_file

MEGABYTE = 10**6
DAY = 86_400
AFTERWARDS = 0.9  # of its bound is what a kind may take after too much was there
HASH = re.compile(r"[0-9a-f]{16,}")
CLOSED = (errno.EACCES, errno.EPERM, errno.EIO)
OF_THE_SYSTEM = ("lost+found",)
UNFINISHED = "."  # begins the name of what is being written
LARGEST_SETTINGS = 2**20  # bytes; a run with more of them cannot be read


@dataclass(frozen=True)
class KeptKind:
    """One kind of kept thing: how much of it is kept, and whether it can be made again."""

    megabytes: int
    days: int
    can_be_made_again: bool


KINDS = {
    "answers": KeptKind(500, 180, can_be_made_again=True),
    "tokens": KeptKind(300, 30, can_be_made_again=True),
    "uploads": KeptKind(100, 365, can_be_made_again=False),
    "training_data": KeptKind(1_000, 365, can_be_made_again=False),
    "snapshots": KeptKind(1_000, 1, can_be_made_again=True),
    "links": KeptKind(20, 365, can_be_made_again=False),
}


@dataclass(frozen=True)
class Pruned:
    """What was freed of one kind and what is left of it, in files and bytes.

    `used` are the bytes of what is left that a run names, or that was used within the last day;
    `refused` are the files that should have gone and could not be deleted.
    """

    kind: str
    files: int
    bytes: int
    files_left: int
    bytes_left: int
    used: int
    refused: int


@dataclass(frozen=True)
class _Kept:
    path: Path
    bytes: int
    last_used: float


_growth: dict[str, int] = {}
_lock = threading.Lock()


def bound_bytes(kind: str) -> int:
    """How much is kept of a kind: `$LORA_VIZ_KEEP_ANSWERS_MB` and so on, or what `KINDS` says.

    Raises:
        UserError: the variable is no whole number.
    """
    return MEGABYTE * whole_number(f"LORA_VIZ_KEEP_{kind.upper()}_MB", KINDS[kind].megabytes)


def bound_seconds(kind: str) -> int:
    """How long what is not used is kept: `$LORA_VIZ_KEEP_DAYS`, or what `KINDS` says.

    Raises:
        UserError: the variable is no whole number.
    """
    return DAY * whole_number("LORA_VIZ_KEEP_DAYS", KINDS[kind].days)


def prune(
    kind: str, *, room_for: int = 0, everything: bool = False, only_look: bool = False
) -> Pruned:
    """Delete what is kept beyond the bounds of a kind, or all of it, but nothing that is in use.

    Args:
        room_for: bytes that are to come in addition.
        only_look: delete nothing, and say what would be.

    Raises:
        UserError: a bound is set to no number, or nobody knows what the runs use.
    """
    kept = _oldest_first(kind)
    used, doubt = _in_use(kind, kept)
    size = sum(one.bytes for one in kept)
    most = 0 if everything else bound_bytes(kind)
    wanted = size if size + room_for <= most else int(most * AFTERWARDS) - room_for
    too_old = time.time() - bound_seconds(kind)
    gone: list[_Kept] = []
    refused = 0
    for one in kept:
        if one.path not in used and (one.last_used < too_old or size > wanted):
            if doubt:
                raise doubt
            if not only_look and _was_used_again(one):
                continue
            if not only_look and not _delete(one.path):
                refused += 1
                continue
            gone.append(one)
            size -= one.bytes
    return Pruned(
        kind=kind,
        files=len(gone),
        bytes=sum(one.bytes for one in gone),
        files_left=len(kept) - len(gone),
        bytes_left=size,
        used=sum(one.bytes for one in kept if one.path in used),
        refused=refused,
    )


def make_room(kind: str, size: int) -> None:
    """Prune where this process has written a twentieth of the bound, or writes for the first time.

    Raises:
        UserError: there is no room although all that is not in use is gone.
    """
    bound = bound_bytes(kind)
    with _lock:
        grown = _growth.get(kind, bound) + size
        _growth[kind] = grown
        if grown <= bound // 20:
            return
        _growth[kind] = size
    left = prune(kind, room_for=size).bytes_left
    if left + size > bound:
        raise UserError(
            N_(
                "There is no room to keep this: %(used)s of %(most)s MB of “%(kind)s” are in use; "
                "set LORA_VIZ_KEEP_%(name)s_MB higher."
            ),
            used=left // MEGABYTE,
            most=bound // MEGABYTE,
            kind=kind,
            name=kind.upper(),
        )


def _oldest_first(kind: str) -> list[_Kept]:
    """All files of a kind, those first whose whole folder was not used for longest.

    Answers of versions of the code that nobody runs any more lie in folders of their own.
    """
    kept = list(_files(base_folder() / kind))
    folders: dict[Path, float] = {}
    for one in kept:
        folder = one.path.parent
        folders[folder] = max(one.last_used, folders.get(folder, 0))
    return sorted(kept, key=lambda one: (folders[one.path.parent], one.last_used))


def _files(folder: Path) -> Iterator[_Kept]:
    for place, _folders, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            with suppress(OSError):  # it has just gone
                found = path.lstat()
                yield _Kept(path, found.st_size, found.st_mtime)


def _in_use(kind: str, kept: list[_Kept]) -> tuple[set[Path], UserError | None]:
    """What a run names in its settings, or somebody writes or has used since yesterday.

    The second is why more may be in use. What is dated later than tomorrow, by a clock that was
    wrong, is not known to be used.
    """
    now = time.time()
    lately = {one.path for one in kept if abs(now - one.last_used) < DAY}
    if KINDS[kind].can_be_made_again:
        return {path for path in lately if path.name.startswith(UNFINISHED)}, None
    named, doubt = _named_by_runs()
    return lately | {one.path for one in kept if named & set(_hashes(one.path))}, doubt


def _hashes(path: Path) -> list[str]:
    return HASH.findall(f"{path.parent.name}/{path.name}")


def _named_by_runs() -> tuple[set[str], UserError | None]:
    """Every hash that a run's or a sweep's files of settings hold, and why there may be more.

    Raises `UserError` where the folder of runs cannot be read: nobody knows then what is in use.
    """
    found: set[str] = set()
    doubt = None
    for run in _folders_in(runs_folder()):
        for name in ("settings.json", "sweep.json"):
            try:
                settings = read_plain_file(run / name, LARGEST_SETTINGS)
                found.update(HASH.findall(settings.decode(errors="replace")))
            except OSError as error:
                is_closed = error.errno in CLOSED and run.name not in OF_THE_SYSTEM
                doubt = _unknown_use(run, error) if is_closed else doubt
    return found, doubt


def _folders_in(folder: Path) -> list[Path]:
    try:
        return [*folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):  # no run has been made yet
        return []
    except OSError as error:
        raise _unknown_use(folder, error) from None


def _unknown_use(folder: Path, error: OSError) -> UserError:
    return UserError(
        N_(
            "The folder %(folder)s cannot be read (%(reason)s), so that nobody knows what its "
            "runs use; make it readable, or name another in %(variable)s."
        ),
        folder=folder,
        reason=error.strerror or type(error).__name__,
        variable=RUNS,
    )


def _was_used_again(one: _Kept) -> bool:
    """Whether another process has used or written it since it was looked at."""
    try:
        return one.path.lstat().st_mtime != one.last_used
    except OSError:
        return False


def _delete(path: Path) -> bool:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return False
    with suppress(OSError):  # other files are in it
        path.parent.rmdir()
    return True
