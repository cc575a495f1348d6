"""How long a job takes, as jobs that this machine has done tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lora_viz.errors import UserError
from lora_viz.training.runs.run_folder import PUT_ASIDE, Run
from lora_viz.training.settings import TrainingSettings

LEAST_TIMED = 2  # steps; one alone is all warming up
# What decides how much work a step is; a rank changes it so little that it is left out.
DECISIVE = (
    "model",
    "method",
    "target_modules",
    "dora",
    "base_dtype",
    "batch_size",
    "seq_len",
    "gradient_accumulation",
    "gradient_checkpointing",
    "optimizer",
    "attention",
    "task",
    "data_file",
    "precision",
    "evaluate_every",
    "evaluation_sequences",
    "snapshot_every",
)


@dataclass(frozen=True)
class Pace:
    """What a finished run measured: seconds a step, its evaluations included, and all the rest."""

    run: str
    seconds_per_step: float
    other_seconds: float
    peak_resident: int | None

    def seconds(self, steps: int) -> float:
        """What a job of so many steps takes at this pace."""
        return self.other_seconds + steps * self.seconds_per_step


def recorded_pace(settings: TrainingSettings, runs: Iterable[Run]) -> Pace | None:
    """The pace of the newest finished run whose steps were the same work; `runs` newest first."""
    wanted = _work(settings)
    for run in runs:
        try:
            is_alike = _work(run.settings) == wanted
        except UserError:
            continue
        pace = _pace(run) if is_alike else None
        if pace is not None:
            return pace
    return None


def _work(settings: TrainingSettings) -> tuple[object, ...]:
    values = settings.flat()
    return tuple(repr(values[name]) for name in DECISIVE)


def _pace(run: Run) -> Pace | None:
    result = run.result()
    if result is None or result.state != "finished" or not result.steps:
        return None
    timed = result.timed_steps()
    training = result.seconds.get("training")
    if training is None or timed < LEAST_TIMED:
        return None
    # the file tells of runs of a time when results did not say that they were resumed
    if result.resumed_from is None and (run.path / PUT_ASIDE).is_file():
        return None
    return Pace(
        run=run.name,
        seconds_per_step=training / timed,
        other_seconds=sum(result.seconds.values()) - training,
        peak_resident=result.memory.peak_resident if result.memory else None,
    )
