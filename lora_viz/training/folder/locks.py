"""Locks that die with the process that holds them (`flock`), to know which jobs are alive."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

PATIENCE_SECONDS = 1.0


def take(path: Path) -> int | None:
    """Lock a file, making it if needed: the open descriptor that holds the lock, or None.

    Processes that inherit the descriptor hold the lock too. `is_held` takes the lock for an
    instant, so one refusal is not believed.

    Raises:
        OSError: the file cannot be made, or it is no file of the folder.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644)
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            if time.monotonic() > until:
                os.close(descriptor)
                return None
            time.sleep(0.02)


def is_held(path: Path) -> bool:
    """Whether a living process holds the lock; nobody holds what is no file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a FIFO would wait for a writer
    except (OSError, ValueError):
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks
        return False
    finally:
        os.close(descriptor)


def has_open(process: int, path: Path) -> bool:
    """Whether a process has a file open; yes where that cannot be found out."""
    opened = Path(f"/proc/{process}/fd")
    if not Path("/proc/self/fd").is_dir():
        return True
    try:
        wanted = path.stat()
        found = [_identity(one) for one in opened.iterdir()]
    except PermissionError:
        return True
    except OSError:
        return False
    return (wanted.st_dev, wanted.st_ino) in found


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:  # it was closed meanwhile
        return None
    return found.st_dev, found.st_ino
