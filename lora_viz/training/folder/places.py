"""Which names runs and sweeps can have."""

from __future__ import annotations

import re

from lora_viz.errors import UserError
from lora_viz.i18n import N_

NAME_FORM = re.compile(r"[^\W_][\w.-]{0,79}")


class NameTakenError(UserError):
    """There is something of this name already."""


def check_name(name: str) -> str:
    """The name of a run if it can be one. Raises `UserError`."""
    if not NAME_FORM.fullmatch(name):
        raise UserError(
            N_("“%s” cannot name a run; use up to 80 letters and digits, with . - _ between them."),
            name[:80],
        )
    return name
