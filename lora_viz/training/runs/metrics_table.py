"""A run's recorded figures as one row a step, for a table and a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from lora_viz.training.runs.curves import MEMORY_READINGS
from lora_viz.training.runs.events import EvaluationEvent, Event, StepEvent

PARTS = ("validation", "held_out")
COLUMNS = (
    "step",
    "epoch",
    "training_loss",
    *(f"{part}_loss" for part in PARTS),
    *(f"{part}_perplexity" for part in PARTS),
    "gradient_norm",
    "learning_rate",
    "tokens_per_second",
    *(f"{reading}_bytes" for reading in MEMORY_READINGS),
)


def metric_rows(events: Sequence[Event]) -> list[dict[str, Any]]:
    """One row for each step that was taken or evaluated; losses are in nats per token."""
    rows: dict[int, dict[str, Any]] = {}
    for event in events:
        if isinstance(event, StepEvent):
            rows.setdefault(event.step, dict.fromkeys(COLUMNS)).update(_of_step(event))
        elif isinstance(event, EvaluationEvent) and event.part in PARTS:
            row = rows.setdefault(event.step, dict.fromkeys(COLUMNS))
            row["step"] = event.step
            row[f"{event.part}_loss"] = event.loss
            row[f"{event.part}_perplexity"] = event.perplexity
    return [rows[step] for step in sorted(rows)]


def metrics_csv(events: Sequence[Event]) -> bytes:
    """The rows as a CSV file in UTF-8."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(metric_rows(events))
    return text.getvalue().encode()


def _of_step(event: StepEvent) -> dict[str, Any]:
    memory = {f"{reading}_bytes": getattr(event.memory, reading) for reading in MEMORY_READINGS}
    return {
        "step": event.step,
        "epoch": event.epoch,
        "training_loss": event.loss,
        "gradient_norm": event.gradient_norm,
        "learning_rate": event.learning_rate,
        "tokens_per_second": event.tokens_per_second,
        **memory,
    }
