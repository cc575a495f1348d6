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
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
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
