"""Names that mean the same on every machine, for what leaves this one: adapters, settings."""

from __future__ import annotations

import json
from pathlib import Path

from lora_viz.models.catalogue import catalogue
from lora_viz.models.source import local_path
from lora_viz.training.settings import TrainingSettings

OF_HUB_CACHE = "models--"


def public_name(model: str) -> str:
    """A model's hub id, or for a folder its name alone.

    The embedded model, which is on no hub, is named as its folder in this project's source, so that
    `from_pretrained` finds it from there.
    """
    if entry := catalogue().get(model):
        folder = entry.weights_folder
        return f"lora_viz/data/{folder.name}" if folder else entry.hub_id
    path = local_path(model)
    if path is None:
        return model
    cached = [part for part in path.absolute().parts if part.startswith(OF_HUB_CACHE)]
    if cached:  # models--openai-community--gpt2/snapshots/607a30d…
        return "/".join(cached[-1].removeprefix(OF_HUB_CACHE).split("--"))
    return path.resolve().name


def in_a_cell(words: str) -> str:
    """Words as they are, between backticks in a cell of a table."""
    return " ".join(words.replace("`", "'").replace("|", "¦").split())


def public_settings(settings: TrainingSettings) -> str:
    """A run's settings as JSON without a path of this machine: files and folders by their names."""
    values = settings.model_dump(mode="json")
    values["data_file"] = Path(settings.data_file).name
    if settings.scenario.model not in catalogue():
        values["scenario"]["model"] = public_name(settings.scenario.model)
    return json.dumps(values, indent=1, ensure_ascii=False)
