"""What a rank sweep found: for each rank the median over its seeds, and their spread."""

from __future__ import annotations

from lora_viz.training.settings import TrainingSettings
from lora_viz.training.sweep import SweepPlan

PROCESSOR_TIME = "processor_seconds.json"


def default_plan(task: str, seeds: int = 1) -> SweepPlan:
    """r = 1, 2, 4, 8, 16, 32 and full fine-tuning on a shipped task; only the ends are evaluated.

    Raises:
        UserError: there is no such task.
    """
    settings = TrainingSettings.make({"task": task, "evaluate_every": 0, "snapshot_every": 0})
    return SweepPlan(settings=settings, seeds=tuple(range(seeds)))
