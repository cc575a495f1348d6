"""Storage for several tasks: one base with an adapter for each, or a full model for each."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor


@dataclass(frozen=True)
class TaskStorage:
    """`tasks` fine-tuned versions of one model; `base` and `adapter` in one unit of any size."""

    base: float
    adapter: float
    tasks: int

    @property
    def adapters(self) -> float:
        """All adapters together."""
        return self.tasks * self.adapter

    @property
    def shared(self) -> float:
        """One base and an adapter for each task."""
        return self.base + self.adapters

    @property
    def full_models(self) -> float:
        """A full model for each task."""
        return self.tasks * self.base

    @property
    def full_models_and_base(self) -> float:
        """A full model for each task, and the base that they started from."""
        return self.full_models + self.base

    @property
    def pays_from(self) -> int | None:
        """The first number of tasks for which sharing the base takes less; None if none does."""
        if self.adapter >= self.base:
            return None
        return floor(self.base / (self.base - self.adapter)) + 1

    @property
    def saved(self) -> float:
        """The share that sharing the base saves of a full model for each task; may be negative."""
        return 1 - self.shared / self.full_models

    @property
    def saved_counting_base(self) -> float:
        """The same with the base counted among the full models too, as the explainer does."""
        return 1 - self.shared / self.full_models_and_base


# The explainer's own rounded figures in MB (its §9), quoted and not recomputed.
DOCUMENT = TaskStorage(base=500, adapter=9.4, tasks=5)
