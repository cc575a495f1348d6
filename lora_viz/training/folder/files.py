"""The files of a run's folder, read whatever stands in their place: what is wrong is a value.

Nothing here waits (a FIFO has no writer), loads torch, or raises anything but `DamagedFileError`.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from lora_viz.format import size
from lora_viz.training.folder.damage import (
    Damage,
    DamagedFileError,
    DamageKind,
    damage_of,
    of_system,
)

Kind = TypeVar("Kind", bound=BaseModel)

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


def read_file(folder: Path, name: str) -> bytes:
    """The bytes of one of the files of `LARGEST`. Raises `DamagedFileError`."""
    path, most = folder / name, LARGEST[name]
    found = regular_file(path, name)
    if found.st_size > most:
        raise DamagedFileError(Damage(name, "too_large", size(found.st_size)))
    try:
        # it may have become a FIFO just now
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:  # noqa: PTH123 (a descriptor)
            # memory for all that is asked for is taken before anything is read
            return file.read(min(most, os.fstat(descriptor).st_size))
    except OSError as error:
        raise DamagedFileError(of_system(name, error)) from None
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


def folder_damage(folder: Path, name: str) -> Damage | None:
    """What is wrong with a folder that may be missing; None if nothing is."""
    path = folder / name
    try:
        is_folder = stat.S_ISDIR(path.stat().st_mode)
    except FileNotFoundError:
        return Damage(name, "leads_nowhere") if path.is_symlink() else None
    except (OSError, ValueError) as error:
        return of_system(name, error)
    return None if is_folder else Damage(name, "no_folder")


def plain_file_damage(folder: Path, name: str) -> Damage | None:
    """What is wrong with a file whose content is not read and that may be missing."""
    try:
        found = regular_file(folder / name, name)
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


def read_ending(path: Path, kind: type[Kind]) -> Kind | Damage | None:
    """What a job or a sweep wrote last, what is wrong with it, or None where there is nothing."""
    content = b""
    try:
        content = read_file(path.parent, path.name)
        return kind.model_validate_json(content)
    except DamagedFileError as error:
        return None if error.damage.kind == "missing" else error.damage
    except ValueError as error:
        return damage_of(path.name, content, error)


def regular_file(path: Path, name: str) -> os.stat_result:
    """The status of a file that is one. Raises `DamagedFileError`."""
    try:
        found = path.stat()
    except FileNotFoundError:
        kind: DamageKind = "leads_nowhere" if path.is_symlink() else "missing"
        raise DamagedFileError(Damage(name, kind)) from None
    except (OSError, ValueError) as error:
        raise DamagedFileError(of_system(name, error)) from None
    if stat.S_ISDIR(found.st_mode):
        raise DamagedFileError(Damage(name, "folder"))
    if not stat.S_ISREG(found.st_mode):
        raise DamagedFileError(Damage(name, "special"))
    if not os.access(path, os.R_OK):
        raise DamagedFileError(Damage(name, "refused", os.strerror(errno.EACCES)))
    return found
