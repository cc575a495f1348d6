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


def take_folder(path: Path, first: str, *, takes_empty: bool) -> bool:
    """Make a folder with an empty file in it, or put that into an empty one where those are taken.

    Returns:
        Whether nobody else has it.

    Raises:
        OSError: that cannot be made; then no folder is left.
    """
    is_new = True
    try:
        path.mkdir()
    except FileExistsError:
        is_new = False
        if not (takes_empty and path.is_dir()) or any(path.iterdir()):
            return False
    try:
        return make_first(path / first)  # another may have taken the folder while it was empty
    except OSError:
        if is_new:
            with suppress(OSError):
                path.rmdir()
        raise


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
