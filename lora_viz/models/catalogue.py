"""The models that ship by name: their published configuration; of one, the weights as well."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

DATA_FOLDER = Path(__file__).parents[1] / "data"
CATALOGUE_FOLDER = DATA_FOLDER / "catalogue"


@dataclass(frozen=True)
class CatalogueModel:
    """One entry: what the model is called, who allows what, and what its makers published.

    `parameters` is exact: what transformers counts for `config`. `published_parameters` is right
    to within `published_precision`, 0 for a count that was not rounded.
    """

    key: str
    name: str
    hub_id: str
    family: str
    licence: str
    parameters: int
    published_parameters: int
    published_source: str
    published_precision: int
    default_targets: tuple[str, ...]
    config: dict[str, Any]
    weights_folder: Path | None


@cache
def catalogue() -> dict[str, CatalogueModel]:
    """Every entry by its key, in the order in which people should see them."""
    keys: list[str] = json.loads((CATALOGUE_FOLDER / "index.json").read_text(encoding="utf-8"))
    return {key: _read(key) for key in keys}


def default_targets(model: str) -> tuple[str, ...]:
    """The layers that are usually adapted in this model; every linear one if it is not known."""
    if model.startswith("custom:"):
        return catalogue()["gpt2"].default_targets
    entry = catalogue().get(model)
    return entry.default_targets if entry else ("all-linear",)


def weights_folder(model: str) -> Path | None:
    """The folder to give `from_pretrained` if this model's weights ship; None if they do not."""
    entry = catalogue().get(model)
    return entry.weights_folder if entry else None


def _read(key: str) -> CatalogueModel:
    values = json.loads((CATALOGUE_FOLDER / f"{key}.json").read_text(encoding="utf-8"))
    values["default_targets"] = tuple(values["default_targets"])
    folder = values.pop("weights_folder", None)
    if folder is None:
        return CatalogueModel(key=key, weights_folder=None, **values)
    config = json.loads((DATA_FOLDER / folder / "config.json").read_text(encoding="utf-8"))
    return CatalogueModel(key=key, weights_folder=DATA_FOLDER / folder, config=config, **values)
