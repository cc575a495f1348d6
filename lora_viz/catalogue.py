"""The models that ship by name: their published configuration, never their weights."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

CATALOGUE_FOLDER = Path(__file__).parent / "data" / "catalogue"


@dataclass(frozen=True)
class CatalogueModel:
    """One entry: what the model is called, who allows what, and what its makers published."""

    key: str
    name: str
    hub_id: str
    family: str
    licence: str
    published_parameters: int
    published_source: str
    published_precision: int
    default_targets: tuple[str, ...]
    config: dict[str, Any]


@cache
def catalogue() -> dict[str, CatalogueModel]:
    """Every entry by its key, in the order in which people should see them."""
    keys: list[str] = json.loads((CATALOGUE_FOLDER / "index.json").read_text())
    return {key: _read(key) for key in keys}


def default_targets(model: str) -> tuple[str, ...]:
    """The layers that are usually adapted in this model; every linear one if it is not known."""
    if model.startswith("custom:"):
        return catalogue()["gpt2"].default_targets
    entry = catalogue().get(model)
    return entry.default_targets if entry else ("all-linear",)


def _read(key: str) -> CatalogueModel:
    values = json.loads((CATALOGUE_FOLDER / f"{key}.json").read_text())
    targets = tuple(values.pop("default_targets"))
    return CatalogueModel(key=key, default_targets=targets, **values)
