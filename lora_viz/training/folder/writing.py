"""Files that are there in one piece or not at all, and files that are appended to."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from lora_viz.training.folder.damage import DamagedFileError
from lora_viz.training.folder.files import link_damage, plain_file_damage


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


def make_first(path: Path) -> bool:
    """Make an empty file where there is nothing; whether nobody else did. Raises `OSError`."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
    except FileExistsError:
        return False
    return True


def open_to_append(folder: Path, name: str) -> BinaryIO:
    """A folder's file, unbuffered, to add to its end; made if it is not there.

    Raises:
        DamagedFileError: something else stands in its place, such as a FIFO, which would wait for
            a reader, or a link, whose end is another's.
        OSError: it cannot be written.
    """
    if damage := plain_file_damage(folder, name) or link_damage(folder, name):
        raise DamagedFileError(damage)
    how = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK | os.O_NOFOLLOW
    return open(os.open(folder / name, how, 0o644), "ab", buffering=0)  # noqa: PTH123
