"""Runs that others measured on their cards, and how far the simulated step is from them."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[1] / "data"
RUNS_FILE = DATA / "measured_runs.csv"
ACCURACY_FILE = DATA / "accuracy.json"
# columns that describe the measurement; all others are fields of the scenario
ABOUT = ("id", "metric", "bytes", "tokens_per_second", "software", "source", "notes")


@dataclass(frozen=True)
class MeasuredRun:
    """One measured peak in bytes: `torch_peak_allocated` or `torch_peak_reserved`."""

    id: str
    scenario: dict[str, str]
    metric: str
    bytes: int
    software: str
    source: str
    notes: str

    @property
    def transformers(self) -> str:
        """The version of transformers that it ran with."""
        return _version("transformers", self.software)

    @property
    def peft(self) -> str:
        """The version of peft that it ran with."""
        return _version("peft", self.software)


@dataclass(frozen=True)
class Accuracy:
    """A measured peak and the simulated one.

    `simulated` is the peak allocated, or for reserved memory the end of the simulated range that
    is nearest; `error` is its distance as a share of what was measured, 0 inside the range.
    """

    id: str
    metric: str
    measured: int
    simulated: int
    low: int
    high: int
    error: float
    software: dict[str, str]


def measured_runs() -> list[MeasuredRun]:
    """Every measured run of the table, with its source."""
    with RUNS_FILE.open(newline="", encoding="utf-8") as file:
        return [
            MeasuredRun(
                scenario=_scenario(row),
                bytes=int(row["bytes"]),
                **{name: row[name] for name in ("id", "metric", "software", "source", "notes")},
            )
            for row in csv.DictReader(file)
        ]


def _scenario(row: dict[str, str]) -> dict[str, str]:
    """A row's choices; a model that is in no catalogue is a file beside the table."""
    found = {name: value for name, value in row.items() if value and name not in ABOUT}
    if found["model"].endswith(".json"):
        found["model"] = str(DATA / found["model"])
    return found


def accuracies() -> list[Accuracy]:
    """What the last `make bench-accuracy` found."""
    return [Accuracy(**row) for row in json.loads(ACCURACY_FILE.read_text(encoding="utf-8"))]


def compare(run: MeasuredRun, answer: dict[str, Any]) -> Accuracy:
    """Hold an answer of the command line's `memory` against the run that it stands for."""
    if run.metric == "torch_peak_allocated":
        low = high = answer["peak_allocated_bytes"]
    else:
        low, high = (answer["peak_reserved_bytes"][end] for end in ("low", "high"))
    nearest = min(max(run.bytes, low), high)
    error = nearest / run.bytes - 1
    return Accuracy(run.id, run.metric, run.bytes, nearest, low, high, error, answer["software"])


def _version(library: str, software: str) -> str:
    found = re.search(rf"{library} ([\d.]+)", software)
    assert found, f"{software} names no version of {library}"
    return found.group(1)
