"""Where this project keeps files of its own on a machine, and how much of them it keeps.

Each kind of kept thing has a folder of its own, a bound in megabytes and one in days. What was not
used for longest goes first, whole folders that nobody uses before the rest. What cannot be made
again stays for as long as a run names it, and for a day after its last use.
"""

from __future__ import annotations

import errno
import os
import re
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from lora_viz.errors import UserError
from lora_viz.i18n import N_

STORAGE = "LORA_VIZ_STORAGE"
FULL = (errno.ENOSPC, errno.EDQUOT)
MEGABYTE = 10**6
DAY = 86_400
NOTED_SECONDS = 600  # a use is noted at most so often
MOST_NOTED = 10_000
AFTERWARDS = 0.9  # of its bound is what a kind may take after too much was there
HASH = re.compile(r"[0-9a-f]{16,}")


class UnwritableFolderError(UserError, OSError):
    """A folder takes no files; the message names it and says what would be right."""


@dataclass(frozen=True)
class Kind:
    """One kind of kept thing: how much of it is kept, and whether it can be made again."""

    megabytes: int
    days: int
    can_be_made_again: bool


KINDS = {
    "answers": Kind(500, 180, can_be_made_again=True),
    "tokens": Kind(300, 30, can_be_made_again=True),
    "uploads": Kind(100, 365, can_be_made_again=False),
    "training_data": Kind(1_000, 365, can_be_made_again=False),
}


@dataclass(frozen=True)
class Pruned:
    """What was freed of one kind and what is left of it, in files and bytes.

    `used` are the bytes of what is left that a run names, or that was used within the last day.
    """

    kind: str
    files: int
    bytes: int
    files_left: int
    bytes_left: int
    used: int


@dataclass(frozen=True)
class _Kept:
    path: Path
    bytes: int
    last_used: float


_growth: dict[str, int] = {}
_noted: dict[Path, float] = {}
_lock = threading.Lock()


def storage_folder(name: str) -> Path:
    """A folder, made if it is not there: `$LORA_VIZ_STORAGE` or `~/.cache/lora_viz`.

    Raises:
        UnwritableFolderError: it is not there and cannot be made.
    """
    folder = _base() / name
    with writing_in(folder, STORAGE):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def kept_file(kind: str, name: str) -> Path:
    """Where a file of a kind lies, if it is kept."""
    return _base() / kind / name


def read(kind: str, name: str) -> bytes:
    """What is kept under a name, which counts as a use. Raises `OSError` where there is nothing."""
    path = kept_file(kind, name)
    content = path.read_bytes()
    note_use(path)
    return content


def note_use(path: Path) -> None:
    """Remember that a file is used, if it is kept here, so that others go before it."""
    if not path.is_relative_to(_base()):
        return
    now = time.time()
    with _lock:
        if now - _noted.get(path, 0) < NOTED_SECONDS:
            return
        if len(_noted) > MOST_NOTED:
            _noted.clear()
        _noted[path] = now
    with suppress(OSError):  # it cannot be written, or has just gone
        os.utime(path)


def keep(kind: str, name: str, content: bytes) -> Path:
    """Keep a file of a kind under a name such as `folder/file`, in one piece or not at all.

    Raises:
        UnwritableFolderError: it cannot be written.
        UserError: all the room that its kind has is in use.
    """
    with writing(kind, name, len(content)) as unfinished:
        unfinished.write_bytes(content)
    return kept_file(kind, name)


@contextmanager
def writing(kind: str, name: str, size: int) -> Iterator[Path]:
    """A path to write a file of about `size` bytes to, which gets its name once it is finished.

    Raises as `keep` does.
    """
    _make_room(kind, size)
    path = storage_folder(str(Path(kind, name).parent)) / Path(name).name
    unfinished = path.with_name(f".{os.getpid()}-{threading.get_ident()}.{path.name[-40:]}")
    try:
        with writing_in(path.parent, STORAGE):
            yield unfinished
            unfinished.replace(path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise


def bound_bytes(kind: str) -> int:
    """How much is kept of a kind: `$LORA_VIZ_KEEP_ANSWERS_MB` and so on, or what `KINDS` says."""
    return MEGABYTE * _setting(f"LORA_VIZ_KEEP_{kind.upper()}_MB", KINDS[kind].megabytes)


def bound_seconds(kind: str) -> int:
    """How long what is not used is kept: `$LORA_VIZ_KEEP_DAYS`, or what `KINDS` says."""
    return DAY * _setting("LORA_VIZ_KEEP_DAYS", KINDS[kind].days)


def prune(
    kind: str, *, room_for: int = 0, everything: bool = False, only_look: bool = False
) -> Pruned:
    """Delete what is kept beyond the bounds of a kind, or all of it, but nothing that is in use.

    Args:
        room_for: bytes that are to come in addition.
        only_look: delete nothing, and say what would be.
    """
    kept = _oldest_first(kind)
    used = _in_use(kind, kept)
    size = sum(one.bytes for one in kept)
    most = 0 if everything else bound_bytes(kind)
    wanted = size if size + room_for <= most else int(most * AFTERWARDS) - room_for
    too_old = time.time() - bound_seconds(kind)
    gone: list[_Kept] = []
    for one in kept:
        if one.path not in used and (one.last_used < too_old or size > wanted):
            if not only_look and not _delete(one.path):
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
    )


def _make_room(kind: str, size: int) -> None:
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
    kept = list(_files(_base() / kind))
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


def _in_use(kind: str, kept: list[_Kept]) -> set[Path]:
    """What a run names in its settings, or somebody has used since yesterday."""
    if KINDS[kind].can_be_made_again:
        return set()
    named = _named_by_runs()
    since = time.time() - DAY
    return {one.path for one in kept if one.last_used > since or named & set(_hashes(one.path))}


def _hashes(path: Path) -> list[str]:
    return HASH.findall(f"{path.parent.name}/{path.name}")


def _named_by_runs() -> set[str]:
    """Every hash that a run's or a sweep's files of settings hold, readable or not."""
    found: set[str] = set()
    folder = Path(os.environ.get("LORA_VIZ_RUNS") or "runs")
    for name in ("settings.json", "sweep.json"):
        for file in folder.glob(f"*/{name}"):
            with suppress(OSError):
                found.update(HASH.findall(file.read_text("utf-8", errors="replace")))
    return found


def _delete(path: Path) -> bool:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return False
    with suppress(OSError):  # other files are in it
        path.parent.rmdir()
    return True


def _base() -> Path:
    given = os.environ.get(STORAGE)
    try:
        return Path(given or "~/.cache/lora_viz").expanduser().absolute()
    except RuntimeError:  # a user without a home
        return Path(tempfile.gettempdir()) / f"lora_viz-{os.getuid()}"


def _setting(name: str, otherwise: int) -> int:
    given = os.environ.get(name, "")
    return int(given) if given.isascii() and given.isdigit() else otherwise


def writable_folder(name: str) -> Path:
    """A storage folder that takes files now. Raises `UnwritableFolderError`."""
    folder = storage_folder(name)
    with writing_in(folder, STORAGE):
        need_writable(folder)
    return folder


def is_writable(folder: Path) -> bool:
    """Whether this process may make files in a folder."""
    return os.access(folder, os.W_OK | os.X_OK)


def need_writable(folder: Path) -> None:
    """Raise `OSError` where a folder, or the file system that it is on, takes no files."""
    if not is_writable(folder):
        is_read_only = os.statvfs(folder).f_flag & os.ST_RDONLY
        why = errno.EROFS if is_read_only else errno.EACCES
        raise OSError(why, os.strerror(why), str(folder))


@contextmanager
def writing_in(folder: Path, variable: str) -> Iterator[None]:
    """Within this block a folder is written; where that fails, one sentence names the folder.

    Args:
        folder: what the sentence names.
        variable: the environment variable that can name another folder.

    Raises:
        UnwritableFolderError: the block raised `OSError`.
    """
    try:
        yield
    except UnwritableFolderError:
        raise
    except OSError as error:
        values = {
            "folder": folder,
            "reason": error.strerror or str(error) or type(error).__name__,
            "variable": variable,
        }
        if error.errno in FULL:
            text = N_("The disk that holds %(folder)s is full; make room and try again.")
        elif error.errno == errno.EFBIG:
            text = N_("Files in %(folder)s reach the limit that is set here; raise “ulimit -f”.")
        else:
            text = N_(
                "The folder %(folder)s cannot be written (%(reason)s); make it writable, or name "
                "another in %(variable)s."
            )
        raise UnwritableFolderError(text, **values) from error


def expanded(path: str) -> Path:
    """A path as a person wrote it, made absolute; a leading ~ is the home folder.

    Raises:
        UserError: it begins with the home of a user whom this machine does not know.
    """
    try:
        return Path(path).expanduser().absolute()
    except RuntimeError:
        raise UserError(
            N_("“%s” begins with the home of a user whom this machine does not know."), path[:80]
        ) from None
