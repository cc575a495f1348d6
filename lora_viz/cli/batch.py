"""The file of `--batch`: each line a scenario as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

from lora_viz.errors import UserError
from lora_viz.i18n import _
from lora_viz.storage import expanded


def scenario_in(line: bytes) -> dict[str, Any]:
    """The values that a line gives. Raises `UserError` where it is no JSON object."""
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        raise UserError(_("This line is not JSON.")) from None
    if not isinstance(values, dict):
        raise UserError(_('This line is not a JSON object, such as {"model": "gpt2"}.'))
    return values


def lines_of(file: str) -> Iterator[bytes]:
    """The lines that hold something, as they are: JSON ends one at \\n only, and each may be badly
    encoded. Raises `UserError` where the file (- for standard input) cannot be read."""
    if file == "-" and sys.stdin is None:
        raise UserError(_("Standard input is closed; name a file after --batch."))
    try:
        with nullcontext(sys.stdin.buffer) if file == "-" else expanded(file).open("rb") as source:
            yield from (line for line in source if line.strip())
    except (OSError, ValueError):
        raise UserError(_("%s cannot be read.") % file) from None
