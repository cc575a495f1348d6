"""The files of a run's folder, read whatever stands in their place: what is wrong is a value.

Nothing here waits (a FIFO has no writer), loads torch, or raises anything but `DamagedFileError`.
"""

from __future__ import annotations

import errno
import json
import os
import stat
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeVar

import numpy as np
from pydantic import ValidationError

from lora_viz.errors import UserError, in_a_sentence
from lora_viz.format import THIN_SPACE, size
from lora_viz.i18n import N_, Message

DamageKind = Literal[
    "missing",
    "leads_nowhere",
    "link",
    "folder",
    "no_folder",
    "special",
    "refused",
    "empty",
    "too_large",
    "not_json",
    "unknown",
    "lacks",
    "value",
    "lines",
    "later_lines",
    "no_tensors",
    "outside",
]

# More than any job writes; a file that only claims a size is not read into memory.
LARGEST = {
    "settings.json": 2**20,
    "sweep.json": 2**20,
    "process.json": 2**16,
    "processor_seconds.json": 2**16,
    "owner": 2**10,
    "end.json": 2**16,
    "result.json": 2**27,
    "events.jsonl": 2**30,
}
LARGEST_TENSOR_FILE = 2**32
LARGEST_HEADER = 100_000_000  # safetensors' own limit
LONGEST_NAME = 120  # of what a file says, in a sentence
REMEMBERED = 4096

Stamp = tuple[int, int, int, int]
Reading = TypeVar("Reading")
_Reader = Callable[[Path], Reading]


@dataclass(frozen=True)
class Damage:
    """What is wrong with one file or folder of a run; `file` is below the run's folder.

    `detail` is what the kind needs: a reason, a field's name, a number of lines, a size.
    """

    file: str
    kind: DamageKind
    detail: str = ""

    def sentence(self) -> Message:
        """It in one sentence on one line."""
        named = {"file": _printable(self.file), "detail": _printable(self.detail)}
        return Message(_SENTENCES[self.kind], **named)


class DamagedFileError(UserError):
    """A file of a run cannot be read; `damage` says why."""

    def __init__(self, damage: Damage) -> None:
        super().__init__(damage.sentence())
        self.damage = damage


def kept_while_unchanged(most: int) -> Callable[[_Reader[Reading]], _Reader[Reading]]:
    """Let a function that reads a file read it again only when it has changed.

    Of each of the `most` files that were asked for last one version is remembered.
    """

    def decorate(read: _Reader[Reading]) -> _Reader[Reading]:
        known: OrderedDict[Path, tuple[Stamp, Reading]] = OrderedDict()
        lock = threading.Lock()

        @wraps(read)
        def read_if_changed(path: Path) -> Reading:
            now = stamp(path)
            with lock:
                earlier = known.get(path)
                if earlier and earlier[0] == now:
                    known.move_to_end(path)
                    return earlier[1]
            found = read(path)
            with lock:
                known[path] = now, found
                known.move_to_end(path)
                while len(known) > most:
                    known.popitem(last=False)
            return found

        return read_if_changed

    return decorate


def read_file(folder: Path, name: str) -> bytes:
    """The bytes of one of the files of `LARGEST`. Raises `DamagedFileError`."""
    path, most = folder / name, LARGEST[name]
    found = _regular_file(path, name)
    if found.st_size > most:
        raise DamagedFileError(Damage(name, "too_large", size(found.st_size)))
    try:
        # it may have become a FIFO just now
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:  # noqa: PTH123 (a descriptor)
            # memory for all that is asked for is taken before anything is read
            return file.read(min(most, os.fstat(descriptor).st_size))
    except OSError as error:
        raise DamagedFileError(_of_system(name, error)) from None
    except MemoryError:
        raise DamagedFileError(Damage(name, "too_large", size(found.st_size))) from None


def read_json(folder: Path, name: str) -> Any:
    """What a file of `LARGEST` holds as JSON. Raises `DamagedFileError`."""
    content = read_file(folder, name)
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise DamagedFileError(Damage(name, "not_json" if content.strip() else "empty")) from None
    except MemoryError:
        raise DamagedFileError(Damage(name, "too_large", size(len(content)))) from None


def read_tensors(folder: Path, name: str) -> dict[str, np.ndarray]:
    """The tensors of a safetensors file, whose name a run recorded. Raises `DamagedFileError`."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    if damage := tensor_damage(folder, name):
        raise DamagedFileError(damage)
    try:
        return load_file(folder / name)
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, AttributeError, MemoryError):
        raise DamagedFileError(Damage(name, "no_tensors")) from None


def tensor_damage(folder: Path, name: str) -> Damage | None:
    """What is wrong with a safetensors file, by its header and its size; None if nothing is."""
    if not stays_inside(name):
        return Damage(name[:80], "outside")
    try:
        _regular_file(folder / name, name)
    except DamagedFileError as error:
        return error.damage
    found = _tensors_are_whole(folder / name)
    return Damage(name, found[0], found[1]) if found else None


def folder_damage(folder: Path, name: str) -> Damage | None:
    """What is wrong with a folder that may be missing; None if nothing is."""
    path = folder / name
    try:
        is_folder = stat.S_ISDIR(path.stat().st_mode)
    except FileNotFoundError:
        return Damage(name, "leads_nowhere") if path.is_symlink() else None
    except (OSError, ValueError) as error:
        return _of_system(name, error)
    return None if is_folder else Damage(name, "no_folder")


def plain_file_damage(folder: Path, name: str) -> Damage | None:
    """What is wrong with a file whose content is not read and that may be missing."""
    try:
        found = _regular_file(folder / name, name)
    except DamagedFileError as error:
        return None if error.damage.kind == "missing" else error.damage
    is_too_large = found.st_size > LARGEST.get(name, found.st_size)
    return Damage(name, "too_large", size(found.st_size)) if is_too_large else None


def link_damage(folder: Path, name: str) -> Damage | None:
    """What is wrong with a file that is to be written: a link leads somewhere else."""
    return Damage(name, "link") if (folder / name).is_symlink() else None


def links_below(folder: Path, without: str = "") -> Iterator[Damage]:
    """Every link in a folder that is to be written, but for those called `without`."""
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(place, name)
            if name != without and path.is_symlink():
                yield Damage(str(path.relative_to(folder)), "link")


def exists(path: Path) -> bool:
    """Whether there is anything at a path, a link that leads nowhere among it; never raises."""
    try:
        path.lstat()
    except (OSError, ValueError):
        return False
    return True


def stamp(path: Path) -> Stamp:
    """What changes whenever a file does; zeros where there is none."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return (0, 0, 0, 0)
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def stays_inside(name: str) -> bool:
    """Whether a recorded name is that of a file below the run's folder."""
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts


def damage_of(name: str, content: bytes, error: Exception) -> Damage:
    """What is wrong with a file whose content was refused."""
    if not content.strip():
        return Damage(name, "empty")
    if not isinstance(error, ValidationError):
        return Damage(name, "refused", in_a_sentence(error))
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = ".".join(map(str, first["loc"]))[:80]
    if first["type"] == "json_invalid":
        return Damage(name, "not_json")
    if first["type"] == "extra_forbidden":
        return Damage(name, "unknown", field)
    return Damage(name, "lacks" if first["type"] == "missing" else "value", field)


def _regular_file(path: Path, name: str) -> os.stat_result:
    """The status of a file that is one. Raises `DamagedFileError`."""
    try:
        found = path.stat()
    except FileNotFoundError:
        kind: DamageKind = "leads_nowhere" if path.is_symlink() else "missing"
        raise DamagedFileError(Damage(name, kind)) from None
    except (OSError, ValueError) as error:
        raise DamagedFileError(_of_system(name, error)) from None
    if stat.S_ISDIR(found.st_mode):
        raise DamagedFileError(Damage(name, "folder"))
    if not stat.S_ISREG(found.st_mode):
        raise DamagedFileError(Damage(name, "special"))
    if not os.access(path, os.R_OK):
        raise DamagedFileError(Damage(name, "refused", os.strerror(errno.EACCES)))
    return found


@kept_while_unchanged(REMEMBERED)
def _tensors_are_whole(path: Path) -> tuple[DamageKind, str] | None:
    """What is wrong with a file of tensors, by its header and its size; None if nothing is."""
    length = stamp(path)[2]
    if length == 0:
        return "empty", ""
    if length > LARGEST_TENSOR_FILE:
        return "too_large", size(length)
    try:
        with path.open("rb") as file:
            told = int.from_bytes(file.read(8), "little")
            if told > min(length - 8, LARGEST_HEADER):
                return "no_tensors", ""
            header = json.loads(file.read(told))
        ends = [one["data_offsets"][1] for key, one in header.items() if key != "__metadata__"]
        is_whole = 8 + told + max(ends, default=0) == length
    except OSError as error:
        return "refused", _of_system("", error).detail
    except (ValueError, RecursionError, AttributeError, TypeError, LookupError):
        is_whole = False
    return None if is_whole else ("no_tensors", "")


def _printable(words: str) -> str:
    shown = "".join(one if one.isprintable() or one == THIN_SPACE else "�" for one in words)
    return shown if len(shown) <= LONGEST_NAME else f"{shown[:LONGEST_NAME]}…"


def _of_system(name: str, error: Exception) -> Damage:
    reason = getattr(error, "strerror", None) or in_a_sentence(error)
    return Damage(name, "refused", str(reason))


_SENTENCES: dict[DamageKind, str] = {
    "missing": N_("%(file)s is missing."),
    "leads_nowhere": N_("%(file)s is a link that leads nowhere."),
    "link": N_(
        "%(file)s is a link, and what it leads to is not the run's to write; put the file or the "
        "folder itself there."
    ),
    "folder": N_("%(file)s is a folder where a file should be."),
    "no_folder": N_("%(file)s is a file where a folder should be."),
    "special": N_("%(file)s is not an ordinary file."),
    "refused": N_("%(file)s cannot be read: %(detail)s."),
    "empty": N_("%(file)s is empty."),
    "too_large": N_("%(file)s is too large to be read: %(detail)s."),
    "not_json": N_("%(file)s is not whole JSON."),
    "unknown": N_("%(file)s has “%(detail)s”, which this version does not know."),
    "lacks": N_("%(file)s lacks “%(detail)s”."),
    "value": N_("%(file)s has a value of “%(detail)s” that this version cannot use."),
    "lines": N_("%(file)s has lines that cannot be read; they are left out: %(detail)s."),
    "later_lines": N_(
        "%(file)s has lines of kinds that this version does not know; they are left out: "
        "%(detail)s."
    ),
    "no_tensors": N_("%(file)s holds no whole tensors."),
    "outside": N_("“%(file)s” is recorded as a file of the run and lies outside of its folder."),
}
