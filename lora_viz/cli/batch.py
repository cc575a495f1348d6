"""The lines of a batch, each a scenario as JSON, whatever else somebody has written into them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

from lora_viz.choices.declaration import as_shown
from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.i18n import _
from lora_viz.storage import expanded

LONGEST_LINE_MB = 1
LONGEST_LINE = LONGEST_LINE_MB * 10**6
MOST_DIGITS = 1_000  # Python itself reads no more than 4,300


def lines_of(file: str) -> Iterator[bytes]:
    """The lines of a file as they are: JSON ends one at \\n only, and each may be badly encoded.

    Of one that is longer than a scenario can be, only the beginning is kept in memory.

    Args:
        file: its name; - for standard input.

    Raises:
        UserError: it cannot be read.
    """
    if file == "-" and sys.stdin is None:
        raise UserError(_("Standard input is closed; name a file after --batch."))
    try:
        with nullcontext(sys.stdin.buffer) if file == "-" else expanded(file).open("rb") as source:
            while line := source.readline(LONGEST_LINE + 1):
                yield line
                while len(line) > LONGEST_LINE and not line.endswith(b"\n"):
                    line = source.readline(LONGEST_LINE + 1)
    except (OSError, ValueError):
        raise UserError(_("%s cannot be read.") % file) from None


def scenario_in(line: bytes) -> dict[str, Any]:
    """The settings on a line, not checked yet. Raises `UserError` where it has none."""
    if len(line) > LONGEST_LINE:
        raise UserError(_("This line is too long; a scenario has at most %s MB.") % LONGEST_LINE_MB)
    try:
        values = json.loads(line, object_pairs_hook=_each_setting_once, parse_int=_whole_number)
    except UserError:
        raise
    except (ValueError, RecursionError):
        raise UserError(_("This line is not JSON.")) from None
    if not isinstance(values, dict):
        raise UserError(_('This line is not a JSON object, such as {"model": "gpt2"}.'))
    return values


def _each_setting_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object in which each setting stands once, under whichever of its names."""
    if twice := Scenario.named_twice(key for key, _value in pairs):
        raise UserError(_("This line has “%s” twice.") % as_shown(twice[0]))
    return dict(pairs)


def _whole_number(digits: str) -> int:
    """The number, or one of fewer digits that no setting takes either."""
    return int(digits[:MOST_DIGITS])
