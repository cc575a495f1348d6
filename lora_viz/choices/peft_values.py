"""How PEFT's further settings are read from a link, the command line or JSON.

What is none of a setting's values is a `ValueError`: the setting itself says what is right.
"""

from __future__ import annotations

import json
import re
from typing import TypeGuard

from lora_viz.choices.targets import (
    DEEPEST_PATTERN,
    bounded,
    depth,
    going_together,
    split_targets,
)

LONGEST_TEXT = 4000  # characters of a whole value, as in a link
MOST_NAMES = 100
MOST_PATTERNS = 100
MOST_LAYERS = 1000
MOST_TOKENS = 2_000_000  # in a vocabulary
# no sign of a regular expression but the dot: PEFT takes a name for a pattern in places
MODULE_NAME = re.compile(r"\w[\w., -]{0,199}")
LIST_NAME = re.compile(r"\w[\w.]{0,99}")


def read_names(given: object) -> tuple[str, ...]:
    """Names between commas, or a list of names, as JSON too.

    A text of a list is one name, whatever is in it, as it is for PEFT.
    """
    names = _parts(given)
    if len(names) > MOST_NAMES or not all(map(MODULE_NAME.fullmatch, names)):
        raise ValueError("no names")
    return names


def read_token_indices(given: object) -> str:
    """Numbers of tokens, or an object of names of embeddings with such numbers, as JSON.

    Of the input embedding: 1,2,3 or [1, 2, 3]; of others: {"embed_tokens": [1, 2, 3]}.
    """
    if isinstance(given, str):
        text = given.strip()
        given = short_json(text if text[:1] in ("{", "[") else f"[{text}]")
    by_name = given if isinstance(given, dict) else {"embedding": given}
    for name, numbers in by_name.items():
        if not MODULE_NAME.fullmatch(name) or not _are_numbers(numbers, MOST_TOKENS):
            raise ValueError("no token indices")
    if given in ([], {}, ()):
        return ""
    return _json_text(given)


def read_numbers(given: object) -> tuple[int, ...]:
    """Whole numbers between commas, one alone, or a list of them."""
    if isinstance(given, str):
        given = short_json(f"[{given.strip().strip('[]')}]")
    numbers = (given,) if isinstance(given, int) else given
    if not _are_numbers(numbers, MOST_LAYERS) or len(numbers) > MOST_LAYERS:
        raise ValueError("no numbers")
    return tuple(dict.fromkeys(numbers))


def read_pattern_names(given: object) -> tuple[str, ...]:
    """Names of layers to leave out, or one regular expression, under the rules of targets."""
    parts = split_targets(given) if isinstance(given, str) else given
    if not isinstance(parts, (list, tuple)) or not all(isinstance(one, str) for one in parts):
        raise ValueError("no list of texts")
    named = tuple(one for one in parts if one)
    return bounded(going_together(named)) if named else ()


def read_pattern(given: object, lowest: float, highest: float, *, whole: bool) -> str:
    """An object of patterns of names with a number for each, as JSON."""
    if isinstance(given, str):
        given = short_json(given) if given.strip() else {}
    if not isinstance(given, dict) or len(given) > MOST_PATTERNS:
        raise ValueError("no object")
    for pattern, number in given.items():
        is_number = isinstance(number, int if whole else (int, float))
        if isinstance(number, bool) or not is_number or not lowest <= number <= highest:
            raise ValueError("no number")
        if not pattern or depth(pattern) > DEEPEST_PATTERN or "`" in pattern:
            raise ValueError("no pattern")
    return _json_text(given) if given else ""


def pattern_of(text: str) -> dict[str, float]:
    """What `read_pattern` has read, as PEFT takes it."""
    return json.loads(text) if text else {}


def token_indices(text: str) -> list[int] | dict[str, list[int]] | None:
    """What `read_token_indices` has read, as PEFT takes it."""
    return json.loads(text) if text else None


def _are_numbers(values: object, most: int) -> TypeGuard[list[int] | tuple[int, ...]]:
    """Whether these are whole numbers from 0 up to, and without, another one."""
    return isinstance(values, (list, tuple)) and all(
        isinstance(one, int) and not isinstance(one, bool) and 0 <= one < most for one in values
    )


def _json_text(value: object) -> str:
    """A value as JSON on one line, if that is short enough for a link."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    if len(text) > LONGEST_TEXT:
        raise ValueError("too long")
    return text


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
