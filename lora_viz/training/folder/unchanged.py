"""What is read of a file again only once it has changed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TypeVar

Stamp = tuple[int, int, int, int]
Reading = TypeVar("Reading")
_Reader = Callable[[Path], Reading]


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


def stamp(path: Path) -> Stamp:
    """What changes whenever a file does; zeros where there is none."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return (0, 0, 0, 0)
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
