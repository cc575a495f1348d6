"""What people write for a model of the catalogue: its name on the page, its hub id, half a name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from lora_viz.models.catalogue import CatalogueModel, catalogue

BETWEEN_WORDS = re.compile(r"[^a-z0-9.]+")
FEWEST_LETTERS = 2  # of half a name, such as t5
ALIKE = 0.8  # of the letters of two names, for a name that is mistyped


@dataclass(frozen=True)
class Nearest:
    """A model that half a name is taken for; `others` are those that it could mean as well."""

    key: str
    others: tuple[str, ...]


def known_model(text: str) -> str:
    """The key of the model that is called so, in letters of any case; other text as it is.

    A model is called by its key, its name on the page and its own hub id. The hub id of another
    model with the same layers, such as an instructed one, has other weights and stays.
    """
    return _keys_by_name().get(text.strip().lower(), text)


def nearest_model(text: str) -> Nearest | None:
    """The model of the catalogue that somebody means who typed this; None if that is not clear.

    Names that begin so come before those that hold it somewhere, and those before one that is
    written nearly so; among equals the shortest is first, as in the list on the page. What is a
    model's name, a path, a hub id, `custom:…` or `upload:…` is left alone.
    """
    wanted = _letters(text)
    is_another = known_model(text) in catalogue() or re.search(r"[/\\:~]", text)
    if is_another or len(wanted) < FEWEST_LETTERS:
        return None
    begins = {key for name, key in _letters_and_keys() if name.startswith(wanted)}
    holds = {key for name, key in _letters_and_keys() if wanted in name}
    found = _shortest_first(begins or holds) or _written_alike(wanted)
    return Nearest(found[0], found[1:]) if found else None


def _shortest_first(keys: set[str]) -> tuple[str, ...]:
    in_order = (key for key in catalogue() if key in keys)
    return tuple(sorted(in_order, key=lambda key: len(catalogue()[key].name)))


def _written_alike(wanted: str) -> tuple[str, ...]:
    names = dict(reversed(list(_letters_and_keys())))
    return tuple(names[name] for name in get_close_matches(wanted, names, 1, ALIKE))


@cache
def _keys_by_name() -> dict[str, str]:
    return {
        name.lower(): key for key, entry in catalogue().items() for name in _names_of(key, entry)
    }


@cache
def _letters_and_keys() -> tuple[tuple[str, str], ...]:
    return tuple(
        (_letters(name.rpartition("/")[2]), key)
        for key, entry in catalogue().items()
        for name in _names_of(key, entry)
    )


def _names_of(key: str, entry: CatalogueModel) -> Iterator[str]:
    yield from (name for name in (key, entry.name, entry.hub_id) if name)


def _letters(name: str) -> str:
    """`Llama 3.1 8B` → `llama3.18b`"""
    return BETWEEN_WORDS.sub("", name.lower())
