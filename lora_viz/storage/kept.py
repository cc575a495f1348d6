"""Files that are kept by kind and name, each in one piece, and when they were last used."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lora_viz.storage.bounds import make_room
from lora_viz.storage.folders import STORAGE, base_folder, storage_folder, writing_in
from lora_viz.storage.plain_files import read_plain_file

NOTED_SECONDS = 600  # a use is noted at most so often
MOST_NOTED = 10_000
LARGEST_READ = 2**30  # bytes; nothing that is kept is nearly as large

_noted: dict[Path, float] = {}
_lock = threading.Lock()


def kept_file(kind: str, name: str) -> Path:
    """Where a file of a kind lies, if it is kept."""
    return base_folder() / kind / name


def read(kind: str, name: str) -> bytes:
    """What is kept under a name, which counts as a use. Raises `OSError` where there is nothing."""
    path = kept_file(kind, name)
    content = read_plain_file(path, LARGEST_READ)
    note_use(path)
    return content


def note_use(path: Path) -> None:
    """Remember that a file is used, if it is kept here, so that others go before it."""
    if not path.is_relative_to(base_folder()):
        return
    now = time.time()
    with _lock:
        if now - _noted.get(path, 0) < NOTED_SECONDS:
            return
        if len(_noted) > MOST_NOTED:
            _noted.clear()
        _noted[path] = now
    with suppress(OSError):  # it cannot be written, or has just gone
        os.utime(path, follow_symlinks=False)


def keep(kind: str, name: str, content: bytes) -> Path:
    """Keep a file of a kind under a name such as `folder/file`, in one piece or not at all.

    Raises:
        UnwritableFolderError: it cannot be written.
        UserError: all the room that its kind has is in use.
    """
    with writing(kind, name, len(content)) as unfinished:
        unfinished.write_bytes(content)
    return kept_file(kind, name)


@contextmanager
def writing(kind: str, name: str, size: int) -> Iterator[Path]:
    """A path to write a file of about `size` bytes to, which gets its name once it is finished.

    Raises as `keep` does.
    """
    make_room(kind, size)
    path = storage_folder(str(Path(kind, name).parent)) / Path(name).name
    unfinished = path.with_name(f".{os.getpid()}-{threading.get_ident()}.{path.name[-40:]}")
    try:
        with writing_in(path.parent, STORAGE):
            yield unfinished
            unfinished.replace(path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise
