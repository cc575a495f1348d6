"""What the environment sets for a server, looked at before it starts."""

from __future__ import annotations

import mmap
import sys

from lora_viz.errors import UserError
from lora_viz.i18n import N_
from lora_viz.storage import KINDS, base_folder, bound_bytes, bound_seconds, runs_folder
from lora_viz.training.jobs.queue import places
from lora_viz.ui.serving.reader import runs_are_shared
from lora_viz.ui.session.frames import allowed_origins

LEAST_ROOM = 350 * 10**6  # bytes beside what has been loaded; with less no page is ever drawn
ENOUGH_GB = 4


def need_right_environment() -> None:
    """End the process with one sentence where a variable or a limit is what it cannot be.

    A server that started nevertheless would use something else, or fail where nobody looks.
    """
    try:
        _need_room()
        allowed_origins()
        runs_are_shared()
        places()
        for folder in (base_folder, runs_folder):
            folder()
        for kind in KINDS:
            bound_bytes(kind)
            bound_seconds(kind)
    except UserError as error:
        sys.exit(str(error))


def _need_room() -> None:
    try:
        mmap.mmap(-1, LEAST_ROOM, flags=mmap.MAP_PRIVATE).close()  # asked for, and never used
    except (OSError, MemoryError):
        raise UserError(
            N_(
                "The server may take too little memory to draw a page; raise “ulimit -v” and "
                "“ulimit -d” to %s GB or more."
            ),
            ENOUGH_GB,
        ) from None
