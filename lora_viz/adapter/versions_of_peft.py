"""What newer versions of PEFT have, for those that measured runs were made with (from 0.13).

Importing this module loads torch and peft.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import peft.utils
import peft.utils.other

# what PEFT puts around modules that it trains besides; older versions have one kind of it
AROUND_MODULES: type = getattr(
    peft.utils, "AuxiliaryTrainingWrapper", peft.utils.ModulesToSaveWrapper
)


def _first_that_ends_it(patterns: Sequence[str], name: str) -> str:
    """As `peft.tuners.lora.model` of 0.13 looks a module up in `rank_pattern`."""
    return next((key for key in patterns if re.match(rf".*\.{key}$", name)), name)


# the pattern that stands for a module's name, or the name itself
pattern_for = getattr(peft.utils.other, "get_pattern_key", _first_that_ends_it)
