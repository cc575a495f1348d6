"""Where this project keeps files of its own on a machine, and how much of them it keeps.

Each kind of kept thing has a folder of its own, a bound in megabytes and one in days.

kept: keep, writing, read, note_use, kept_file
    Keep a file of a kind under a name, and find it again.
bounds: KINDS, prune, bound_bytes, bound_seconds, Pruned
    How much of each kind is kept; what is beyond that goes.
folders: runs_folder, base_folder, storage_folder, writable_folder
    Where runs and kept things lie: `$LORA_VIZ_RUNS` (`RUNS`) and `$LORA_VIZ_STORAGE` (`STORAGE`).
is_writable, need_writable, need_text, writing_in, UnwritableFolderError
    Whether a folder takes files, and the sentence where it does not.
expanded
    A path as a person wrote it.
environment: whole_number
    A number that the environment sets.
plain_files
    Files read whatever stands in their place.
"""

from lora_viz.storage.bounds import (
    DAY,
    KINDS,
    MEGABYTE,
    Pruned,
    bound_bytes,
    bound_seconds,
    prune,
)
from lora_viz.storage.environment import whole_number
from lora_viz.storage.folders import (
    RUNS,
    STORAGE,
    UnwritableFolderError,
    base_folder,
    expanded,
    is_writable,
    need_text,
    need_writable,
    runs_folder,
    storage_folder,
    writable_folder,
    writing_in,
)
from lora_viz.storage.kept import keep, kept_file, note_use, read, writing

__all__ = [
    "DAY",
    "KINDS",
    "MEGABYTE",
    "RUNS",
    "STORAGE",
    "Pruned",
    "UnwritableFolderError",
    "base_folder",
    "bound_bytes",
    "bound_seconds",
    "expanded",
    "is_writable",
    "keep",
    "kept_file",
    "need_text",
    "need_writable",
    "note_use",
    "prune",
    "read",
    "runs_folder",
    "storage_folder",
    "whole_number",
    "writable_folder",
    "writing",
    "writing_in",
]
