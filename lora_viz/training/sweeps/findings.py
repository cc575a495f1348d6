"""What a rank sweep found: each run's measurements, and for each rank the median and the spread.

Losses are means over tokens in nats, sizes bytes, times seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from statistics import median

from lora_viz.storage import runs_folder
from lora_viz.training.folder.damage import DamagedFileError
from lora_viz.training.folder.files import exists, read_json
from lora_viz.training.folder.places import NAME_FORM
from lora_viz.training.runs.curves import is_drawable
from lora_viz.training.runs.kept_runs import SWEEP_PLAN
from lora_viz.training.runs.results import BeforeAfter, Result
from lora_viz.training.runs.run_folder import Run, UnreadableRun
from lora_viz.training.runs.shipped import RECORDED
from lora_viz.training.settings import TrainingSettings
from lora_viz.training.sweeps.learning_rates import chosen_rates, recorded_trials
from lora_viz.training.sweeps.plan import RANKS, SweepPlan
from lora_viz.training.sweeps.sweep import Sweep

PROCESSOR_TIME = "processor_seconds.json"


@dataclass(frozen=True)
class SweepRun:
    """One finished run; `rank` is None for full fine-tuning.

    `forgetting` is how much the loss on pretraining text rose. `exact_match` is a share of the
    held-out questions. `seconds` are those of the training alone: processor seconds where
    `has_processor_time`, else by the clock on the wall; None where the run was resumed.
    """

    name: str
    rank: int | None
    seed: int
    learning_rate: float
    trainable_parameters: int | None
    held_out: float | None
    held_out_before: float | None
    forgetting: float | None
    exact_match: float | None
    questions: int | None
    seconds: float | None
    has_processor_time: bool
    file_bytes: int | None


@dataclass(frozen=True)
class Spread:
    """The median of a measurement over the seeds of one rank, with its lowest and highest."""

    rank: int | None
    median: float
    low: float
    high: float
    runs: int


def read_sweep(sweep: Sweep) -> list[SweepRun]:
    """The finished runs of a sweep, in its plan's order. Raises `UserError` if it has no plan."""
    return [_sweep_run(run, run.settings, result) for run, result in sweep.finished()]


def spreads(runs: list[SweepRun], value: Callable[[SweepRun], float | None]) -> list[Spread]:
    """One entry a rank, rising, full fine-tuning last.

    Without what was not measured, or is no number.
    """
    by_rank: dict[int | None, list[float]] = {}
    for run in runs:
        if (measured := value(run)) is not None and isfinite(measured):
            by_rank.setdefault(run.rank, []).append(measured)
    ranks = sorted(by_rank, key=lambda rank: float("inf") if rank is None else rank)
    return [
        Spread(
            rank, median(by_rank[rank]), min(by_rank[rank]), max(by_rank[rank]), len(by_rank[rank])
        )
        for rank in ranks
    ]


def falls_with_rank(entries: list[Spread]) -> bool:
    """Whether the medians of the ranks, full fine-tuning aside, fall at every step."""
    medians = [entry.median for entry in entries if entry.rank is not None]
    return len(medians) > 1 and all(later < earlier for earlier, later in pairwise(medians))


def recorded_sweep(task: str) -> Sweep | None:
    """The rank sweep on a shipped task, if one was recorded."""
    sweep = Sweep(RECORDED / f"{task}-sweep")
    return sweep if sweep.path.is_dir() else None


def own_sweeps() -> list[Sweep]:
    """Every sweep in the folder of runs whose plan can be read, newest first."""
    return [sweep for sweep in _sweep_folders() if sweep.damage() is None]


def unreadable_sweeps() -> list[UnreadableRun]:
    """Every sweep in the folder of runs whose plan cannot be read, newest first."""
    found = [(sweep, sweep.damage()) for sweep in _sweep_folders()]
    return [UnreadableRun(sweep.path, damage) for sweep, damage in found if damage]


def _sweep_folders() -> list[Sweep]:
    try:
        paths = [path for path in runs_folder().iterdir() if exists(path / SWEEP_PLAN)]
    except OSError:  # no run has been made yet, or `damage_of_all` says why
        return []
    named = [path for path in paths if NAME_FORM.fullmatch(path.name)]
    return sorted(map(Sweep, named), key=lambda sweep: (sweep.created(), sweep.name), reverse=True)


def default_plan(task: str, seeds: int = 1) -> SweepPlan:
    """r = 1, 2, 4, 8, 16, 32 and full fine-tuning on a shipped task; only the ends are evaluated.

    Learning rates are those that were chosen on the validation part.

    Raises:
        UserError: there is no such task.
    """
    rates = chosen_rates(recorded_trials(task)).by_rank(RANKS)
    return SweepPlan(settings=sweep_settings(task), seeds=tuple(range(seeds)), learning_rates=rates)


def sweep_settings(task: str) -> TrainingSettings:
    """What all runs of a shipped task's sweep have in common. Raises `UserError`."""
    return TrainingSettings.make(
        {"task": task, "evaluate_every": 0, "evaluation_sequences": 64, "snapshot_every": 0}
    )


def _sweep_run(run: Run, settings: TrainingSettings, result: Result) -> SweepRun:
    scenario, matches = settings.scenario, result.exact_match_held_out
    processor = _processor_seconds(run)
    return SweepRun(
        name=run.name,
        rank=scenario.rank if scenario.trains_adapter else None,
        seed=settings.seed,
        learning_rate=settings.learning_rate,
        trainable_parameters=result.trainable_parameters,
        held_out=_after(result.held_out),
        held_out_before=result.held_out.before.loss if result.held_out else None,
        forgetting=_rise(result.pretraining),
        exact_match=matches.after / matches.questions if matches and matches.questions else None,
        questions=matches.questions if matches else None,
        seconds=result.training_seconds() if processor is None else processor,
        has_processor_time=processor is not None,
        file_bytes=result.files.adapter if scenario.trains_adapter else result.files.model,
    )


def _after(loss: BeforeAfter | None) -> float | None:
    return loss.after.loss if loss and loss.after and is_drawable(loss.after.loss) else None


def _rise(loss: BeforeAfter | None) -> float | None:
    after = _after(loss)
    return None if after is None or loss is None else after - loss.before.loss


def _processor_seconds(run: Run) -> float | None:
    """What the recording noted about a run that ships."""
    if not exists(run.path / PROCESSOR_TIME):
        return None
    try:
        noted = read_json(run.path, PROCESSOR_TIME)
    except DamagedFileError:
        return None
    seconds = noted.get("training") if isinstance(noted, dict) else None
    return seconds if isinstance(seconds, float) and isfinite(seconds) else None
