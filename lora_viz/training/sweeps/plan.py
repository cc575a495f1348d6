"""What a rank sweep varies, as its folder keeps it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from lora_viz.training.folder.damage import Damage, DamagedFileError
from lora_viz.training.folder.files import read_model
from lora_viz.training.folder.unchanged import kept_while_unchanged
from lora_viz.training.runs.kept_runs import SWEEP_PLAN
from lora_viz.training.settings import TrainingSettings

RANKS = (1, 2, 4, 8, 16, 32)
LARGEST_SWEEP = 1_000  # runs
REMEMBERED = 256
ALPHA_PER_RANK = 2  # alpha = 2r at every rank, so that ΔW is scaled alike


class SweepPlan(BaseModel):
    """What a sweep varies; everything else is as in `settings`.

    `learning_rates` are those of LoRA at each rank and of full fine-tuning (rank 0); a rank that
    is not in it has the settings' rate, full fine-tuning its usual one.
    """

    model_config = ConfigDict(frozen=True)

    settings: TrainingSettings
    ranks: Annotated[tuple[int, ...], Field(min_length=1)] = RANKS
    with_full: bool = True
    seeds: Annotated[tuple[int, ...], Field(min_length=1)] = (0,)
    learning_rates: dict[int, float] = {}

    def runs(self) -> list[tuple[str, TrainingSettings]]:
        """The ending of each run's name, and its settings."""
        planned = []
        for seed in self.seeds:
            for rank in (*self.ranks, *((0,) if self.with_full else ())):
                name = f"r{rank}.s{seed}" if rank else f"full.s{seed}"
                planned.append((name, self._settings(rank, seed)))
        return planned

    def _settings(self, rank: int, seed: int) -> TrainingSettings:
        scenario = self.settings.scenario
        scenario = (
            scenario.changed(method="lora", rank=rank, alpha=ALPHA_PER_RANK * rank)
            if rank
            else scenario.changed(method="full")
        )
        settings = self.settings.with_scenario(scenario).changed(seed=seed)
        rate = self.learning_rates.get(rank)
        return settings if rate is None else settings.changed(learning_rate=rate)


@kept_while_unchanged(REMEMBERED)
def read_plan(path: Path) -> tuple[SweepPlan, tuple[str, ...]] | Damage:
    """The plan of a file and the endings of its runs' names, or what is wrong with the file."""
    try:
        plan = read_model(path.parent, SWEEP_PLAN, SweepPlan)
        if len(plan.seeds) * (len(plan.ranks) + plan.with_full) > LARGEST_SWEEP:
            return Damage(SWEEP_PLAN, "value", "ranks")
        return plan, tuple(ending for ending, _settings in plan.runs())
    except DamagedFileError as error:
        return error.damage
    except Exception:  # whatever the check of a rank or a seed raises
        return Damage(SWEEP_PLAN, "value", "ranks")
