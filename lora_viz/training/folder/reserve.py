"""Room on the disk that a run takes at its start, so that its end can be told on a full disk.

A file of written bytes lies in the run's folder. The last thing that a job writes goes into that
very file, over bytes that are its own already, and the file then gets its name: no other process
can take the room in between.
"""

from __future__ import annotations

import os
from pathlib import Path

RESERVE = ".reserve"
RESERVED_BYTES = 256 * 1024


def take_room(folder: Path) -> None:
    """Take the room unless the folder has it already. Raises `OSError` where there is none."""
    reserve = folder / RESERVE
    if reserve.is_file() and reserve.stat().st_size >= RESERVED_BYTES:
        return
    descriptor = os.open(reserve, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
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
    descriptor = os.open(folder / RESERVE, os.O_WRONLY | os.O_CREAT, 0o644)
    try:
        write_all(descriptor, content)
        os.fsync(descriptor)
        os.ftruncate(descriptor, len(content))
    finally:
        os.close(descriptor)
    (folder / RESERVE).replace(folder / name)


def write_all(descriptor: int, content: bytes) -> None:
    """Write every byte; a disk that fills takes a part before it refuses. Raises `OSError`."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
