"""Whose a run is, where several readers share a server: a word in the file `owner` of its folder.

The word stands for a reader and is a secret of nobody: it is a hash of what their browser keeps.
It is no part of a run's settings or results, and goes into no link and no download.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from lora_viz.training.folder.damage import DamagedFileError
from lora_viz.training.folder.files import read_file
from lora_viz.training.folder.unchanged import kept_while_unchanged
from lora_viz.training.folder.writing import write_whole

FILE = "owner"
OF_A_SWEEP = re.compile(r"(.+)\.(?:r\d+|full)\.s\d+")


def keep_owner(folder: Path, owner: str) -> None:
    """Note whose a run or a sweep is; where that cannot be written, it is nobody's."""
    with suppress(OSError):
        write_whole(folder / FILE, owner)


def owner_of(folder: Path) -> str | None:
    """Whose a run or a sweep is, or None; a sweep's runs are its owner's."""
    found = _owner(folder / FILE)
    sweep = OF_A_SWEEP.fullmatch(folder.name)
    return _owner(folder.with_name(sweep[1]) / FILE) if found is None and sweep else found


@kept_while_unchanged(1024)
def _owner(path: Path) -> str | None:
    try:
        return read_file(path.parent, FILE).decode("ascii").strip()
    except (DamagedFileError, UnicodeDecodeError):
        return None
