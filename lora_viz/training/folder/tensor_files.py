"""Files of tensors, whose names a run recorded: whole, and of the run's own folder."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

import numpy as np

from lora_viz.format import size
from lora_viz.training.folder.damage import Damage, DamagedFileError, DamageKind, of_system
from lora_viz.training.folder.files import regular_file
from lora_viz.training.folder.unchanged import kept_while_unchanged, stamp

LARGEST_TENSOR_FILE = 2**32
LARGEST_HEADER = 100_000_000  # safetensors' own limit
REMEMBERED = 4096


def read_tensors(folder: Path, name: str) -> dict[str, np.ndarray]:
    """The tensors of a safetensors file, whose name a run recorded. Raises `DamagedFileError`."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    if damage := tensor_damage(folder, name):
        raise DamagedFileError(damage)
    try:
        return load_file(folder / name)
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, AttributeError, MemoryError):
        raise DamagedFileError(Damage(name, "no_tensors")) from None


def tensor_damage(folder: Path, name: str) -> Damage | None:
    """What is wrong with a safetensors file, by its header and its size; None if nothing is."""
    if not stays_inside(name):
        return Damage(name[:80], "outside")
    try:
        regular_file(folder / name, name)
    except DamagedFileError as error:
        return error.damage
    found = _tensors_are_whole(folder / name)
    return Damage(name, found[0], found[1]) if found else None


def stays_inside(name: str) -> bool:
    """Whether a recorded name is that of a file below the run's folder."""
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts


@kept_while_unchanged(REMEMBERED)
def _tensors_are_whole(path: Path) -> tuple[DamageKind, str] | None:
    """What is wrong with a file of tensors, by its header and its size; None if nothing is."""
    length = stamp(path)[2]
    if length == 0:
        return "empty", ""
    if length > LARGEST_TENSOR_FILE:
        return "too_large", size(length)
    try:
        with path.open("rb") as file:
            told = int.from_bytes(file.read(8), "little")
            if told > min(length - 8, LARGEST_HEADER):
                return "no_tensors", ""
            header = json.loads(file.read(told))
        ends = [one["data_offsets"][1] for key, one in header.items() if key != "__metadata__"]
        is_whole = 8 + told + max(ends, default=0) == length
    except OSError as error:
        return "refused", of_system("", error).detail
    except (ValueError, RecursionError, AttributeError, TypeError, LookupError):
        is_whole = False
    return None if is_whole else ("no_tensors", "")
