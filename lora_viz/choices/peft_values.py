"""How PEFT's further settings are read from a link, the command line or JSON.

What is none of a setting's values is a `ValueError`: the setting itself says what is right.
"""

from __future__ import annotations

import json
import re

LONGEST_TEXT = 4000  # characters of a whole value, as in a link
MOST_NAMES = 100
# no sign of a regular expression but the dot: PEFT takes a name for a pattern in places
MODULE_NAME = re.compile(r"\w[\w., -]{0,199}")


def read_names(given: object) -> tuple[str, ...]:
    """Names between commas, or a list of names, as JSON too.

    A text of a list is one name, whatever is in it, as it is for PEFT.
    """
    names = _parts(given)
    if len(names) > MOST_NAMES or not all(map(MODULE_NAME.fullmatch, names)):
        raise ValueError("no names")
    return names


def _parts(given: object) -> tuple[str, ...]:
    """The texts of a list, or those between the commas of a text, each once."""
    if isinstance(given, str):
        is_list = given.lstrip().startswith("[")
        given = short_json(given) if is_list else [part.strip() for part in given.split(",")]
    if not isinstance(given, (list, tuple)) or not all(isinstance(one, str) for one in given):
        raise ValueError("no list of texts")
    return tuple(dict.fromkeys(one for one in given if one))


def short_json(text: str) -> object:
    """What a short text of JSON says."""
    if len(text) > LONGEST_TEXT:
        raise ValueError("too long")
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("too deep") from None
