"""How the learning rates of the rank sweeps were chosen: on the validation part, before the sweep.

The held-out part, which a sweep reports, has no say in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import mean

from lora_viz.training.runs.shipped import RECORDED

FULL = 0  # stands for full fine-tuning where ranks are listed
TRIED_RANKS = (1, 8, 32)
TRIED_RATES = {"lora": (5e-3, 1e-2, 2e-2, 4e-2), "full": (1e-3, 2e-3, 5e-3, 1e-2)}
FILE = RECORDED / "learning_rates.json"


@dataclass(frozen=True)
class Trial:
    """One run of a shipped task: its rank, its rate, its validation loss in nats per token."""

    task: str
    rank: int
    learning_rate: float
    validation: float


@dataclass(frozen=True)
class ChosenRates:
    """One rate for LoRA at every rank and one for full fine-tuning."""

    lora: float
    full: float

    def by_rank(self, ranks: Iterable[int]) -> dict[int, float]:
        """As a sweep's plan takes them."""
        return dict.fromkeys(ranks, self.lora) | {FULL: self.full}


def recorded_trials(task: str) -> list[Trial]:
    """The trials that ship for a task."""
    trials = [Trial(**values) for values in json.loads(FILE.read_bytes())]
    return [trial for trial in trials if trial.task == task]


def chosen_rates(trials: list[Trial]) -> ChosenRates:
    """The rates whose mean validation loss over the ranks tried is the lowest."""
    return ChosenRates(
        lora=_best([trial for trial in trials if trial.rank != FULL]),
        full=_best([trial for trial in trials if trial.rank == FULL]),
    )


def _best(trials: list[Trial]) -> float:
    rates = {trial.learning_rate for trial in trials}
    return min(
        rates,
        key=lambda rate: mean(one.validation for one in trials if one.learning_rate == rate),
    )
