"""What the environment sets for a server, looked at before it starts."""

from __future__ import annotations

import sys

from lora_viz.errors import UserError
from lora_viz.storage import KINDS, base_folder, bound_bytes, bound_seconds, runs_folder
from lora_viz.training.jobs.queue import places
from lora_viz.ui.serving.reader import runs_are_shared
from lora_viz.ui.session.frames import allowed_origins


def need_right_environment() -> None:
    """End the process with one sentence where a variable is set to what it cannot be.

    A server that started nevertheless would use something else, or fail where nobody looks.
    """
    try:
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
