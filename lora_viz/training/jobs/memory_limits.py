"""Whether a process may take the memory that a job needs at the least.

Where memory runs out, libraries written in Rust end the whole process without a word. So room is
asked for before they are loaded, and before they do the most.
"""

from __future__ import annotations

import mmap
import resource

from lora_viz.errors import UserError
from lora_viz.i18n import N_

ROOM_MB = 128  # for what they take at a time in the smallest job
# what the libraries take before anything is trained, by the option of ulimit that bounds it
OF_LIBRARIES_MB = {"-v": 1_150, "-d": 450}
MB = 10**6


def need_memory_for_libraries() -> None:
    """Raise `UserError` where a limit does not even let the libraries in."""
    for option, allowed in _allowed_bytes().items():
        if allowed < OF_LIBRARIES_MB[option] * MB:
            raise UserError(
                N_(
                    "A training job needs at least %(needed)s MB of memory, and “ulimit "
                    "%(option)s” allows %(allowed)s MB here; raise it."
                ),
                needed=f"{OF_LIBRARIES_MB[option]:,}",
                option=option,
                allowed=f"{allowed // MB:,}",
            )


def need_room() -> None:
    """Raise `UserError` where a limit lets this process take too little more."""
    if not _allowed_bytes():
        return
    try:
        mmap.mmap(-1, ROOM_MB * MB, flags=mmap.MAP_PRIVATE).close()  # asked for, and never used
    except (OSError, MemoryError):
        raise UserError(
            N_(
                "Less than %s MB of memory are left of what “ulimit -v” and “ulimit -d” allow "
                "here; raise them, or train a smaller model."
            ),
            ROOM_MB,
        ) from None


def _allowed_bytes() -> dict[str, int]:
    """The limits of this process that are set, by the option of ulimit that sets them."""
    limits = {
        "-v": resource.getrlimit(resource.RLIMIT_AS)[0],
        "-d": resource.getrlimit(resource.RLIMIT_DATA)[0],
    }
    return {name: limit for name, limit in limits.items() if limit != resource.RLIM_INFINITY}
