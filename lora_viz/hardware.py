"""The graphics cards that a model may have to fit on: a table of known ones."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

GPU_FILE = Path(__file__).parent / "data" / "gpus.json"


@cache
def gpus() -> dict[str, int]:
    """Every known card's memory in bytes by its name, as the maker's data sheets name it."""
    cards = json.loads(GPU_FILE.read_text())["cards"]
    return {card["name"]: card["memory_bytes"] for card in cards}
