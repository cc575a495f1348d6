"""The graphics cards that a model may have to fit on: a table of known ones."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

GPU_FILE = Path(__file__).parents[1] / "data" / "gpus.json"


@dataclass(frozen=True)
class Card:
    """One card as its maker's data sheets describe it; the sources are named in the table.

    `half_tflops` is the dense peak of the tensor cores with float32 accumulation, `float32_tflops`
    the peak without them, both in 10¹² operations a second. `launch_price_usd` is None where the
    maker publishes no price.
    """

    name: str
    memory_bytes: int
    compute_capability: float
    half_tflops: float
    float32_tflops: float
    bandwidth_gb_per_s: float
    launch_price_usd: int | None


@cache
def cards() -> dict[str, Card]:
    """Every known card by its name."""
    return {
        card["name"]: Card(**card)
        for card in json.loads(GPU_FILE.read_text(encoding="utf-8"))["cards"]
    }


@cache
def gpus() -> dict[str, int]:
    """Every known card's memory in bytes by its name."""
    return {name: card.memory_bytes for name, card in cards().items()}
