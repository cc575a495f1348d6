"""Where runs and sweeps are kept, and which names they can have."""

from __future__ import annotations

import os
import re
from pathlib import Path

from lora_viz.errors import UserError
from lora_viz.i18n import _
from lora_viz.storage import expanded

RUNS = "LORA_VIZ_RUNS"
NAME_FORM = re.compile(r"[^\W_][\w.-]{0,79}")


def runs_folder() -> Path:
    """Where runs are kept: `$LORA_VIZ_RUNS`, or `runs` in the working directory."""
    return expanded(os.environ.get(RUNS) or "runs")


def check_name(name: str) -> str:
    """The name of a run if it can be one. Raises `UserError`."""
    if not NAME_FORM.fullmatch(name):
        raise UserError(
            _("“%s” cannot name a run; use up to 80 letters and digits, with . - _ between them.")
            % name[:80]
        )
    return name
