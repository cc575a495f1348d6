"""Files read whatever stands in their place: nothing here waits, and nothing reads without end."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def read_plain_file(path: Path, most: int) -> bytes:
    """The first `most` bytes of an ordinary file.

    Raises:
        OSError: it cannot be read, or something else stands in its place, such as a FIFO, which
            would wait for a writer, or a device, which may have no end.
    """
    _need_plain(path.stat().st_mode, path)
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with open(descriptor, "rb") as file:  # noqa: PTH123 (a descriptor)
        found = os.fstat(descriptor)
        _need_plain(found.st_mode, path)  # it may have been swapped just now
        # memory for all that is asked for is taken before anything is read
        return file.read(min(most, found.st_size))


def _need_plain(mode: int, path: Path) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is not an ordinary file", str(path))
