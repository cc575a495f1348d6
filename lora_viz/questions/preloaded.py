"""What every worker process has: torch, transformers and PEFT, which take seconds to load.

Importing this module loads them. The process that workers are forked from does so once.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from contextlib import suppress

from lora_viz.errors import is_lack_of_memory

NICENESS = 5  # while libraries load, the server has its first pages to draw


def load() -> None:
    """Load the libraries, if they are not."""
    import lora_viz.checkpoint.by_torch  # noqa: F401 (loads torch, transformers and peft)

    gc.freeze()  # collecting garbage need not look at all that was loaded, a quarter of the time


def _load_beforehand() -> None:
    """Where there is too little memory the process ends; of other errors each worker tells."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends the rest
    with suppress(OSError):  # what a library prints is no part of what a command prints
        os.dup2(2, 1)
    if sys.platform != "win32":
        os.nice(NICENESS)
    try:
        load()
    except Exception as error:
        if is_lack_of_memory(error):
            os._exit(1)


_load_beforehand()
