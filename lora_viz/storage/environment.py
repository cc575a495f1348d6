"""Whole numbers that the environment sets: each is understood or refused, never left out unseen."""

from __future__ import annotations

import os

from lora_viz.errors import UserError
from lora_viz.i18n import N_

LARGEST = 10**9
LONGEST_SHOWN = 60


def whole_number(name: str, otherwise: int, least: int = 0) -> int:
    """The number that a variable is set to; `otherwise` where it is not set, or empty.

    Raises:
        UserError: it is no whole number from `least` to `LARGEST`.
    """
    given = os.environ.get(name, "").strip()
    if not given:
        return otherwise
    if given.isascii() and given.isdigit() and len(given) <= len(str(LARGEST)):
        number = int(given)
        if least <= number <= LARGEST:
            return number
    raise UserError(
        N_("%(name)s is “%(value)s”; it should be a whole number from %(least)s to %(most)s."),
        name=name,
        value=given[:LONGEST_SHOWN],
        least=least,
        most=f"{LARGEST:,}",
    )
