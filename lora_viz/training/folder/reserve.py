"""Room on the disk that a run takes at its start, so that its end can be told on a full disk.

A file of written bytes lies in the run's folder. The last thing that a job writes goes into that
very file, over bytes that are its own already, and the file then gets its name: no other process
can take the room in between.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

RESERVE = ".reserve"
RESERVED_BYTES = 256 * 1024
HOW = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK  # a FIFO would wait for a reader


def take_room(folder: Path) -> None:
    """Take the room unless the folder has it already. Raises `OSError` where there is none."""
    reserve = folder / RESERVE
    _remove_what_is_no_file(reserve)
    if reserve.is_file() and reserve.stat().st_size >= RESERVED_BYTES:
        return
    descriptor = os.open(reserve, HOW | os.O_TRUNC, 0o644)
    try:
        write_all(descriptor, b"\1" * RESERVED_BYTES)  # zeros could be left out of the disk
        os.fsync(descriptor)
    except OSError:
        reserve.unlink()
        raise
    finally:
        os.close(descriptor)


def write_into_room(folder: Path, name: str, content: bytes) -> None:
    """Write a file in one piece, over the room that was taken. Raises `OSError`.

    Where it raises, the room is still there, for something shorter.
    """
    descriptor = os.open(folder / RESERVE, HOW, 0o644)
    try:
        write_all(descriptor, content)
        os.fsync(descriptor)
        os.ftruncate(descriptor, len(content))
    finally:
        os.close(descriptor)
    (folder / RESERVE).replace(folder / name)


def _remove_what_is_no_file(reserve: Path) -> None:
    """Remove a link, whose end is not ours to write over, a FIFO or a folder without files."""
    try:
        mode = reserve.lstat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        reserve.rmdir()
    elif not stat.S_ISREG(mode):
        reserve.unlink()


def write_all(descriptor: int, content: bytes) -> None:
    """Write every byte; a disk that fills takes a part before it refuses. Raises `OSError`."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
