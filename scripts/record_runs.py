"""Record the runs that ship: `python -m scripts.record_runs WORK [--seeds 3] [--only lora …]`.

WORK is a folder that keeps the whole runs; a run that is finished there is not made again. All of
them train in this one process, on one thread, so that the libraries are loaded once and the
processor time is that of one core.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import time
from dataclasses import asdict
from pathlib import Path

from safetensors.numpy import load_file, save_file

from lora_viz.training.data.tasks import TASKS
from lora_viz.training.jobs.job import do_job
from lora_viz.training.jobs.record import Record
from lora_viz.training.jobs.stopping import StopSignal
from lora_viz.training.runs.events import Event, MemoryReading, StateEvent, StepEvent
from lora_viz.training.runs.kept_runs import create_run
from lora_viz.training.runs.results import Result
from lora_viz.training.runs.run_folder import Run
from lora_viz.training.runs.shipped import RECORDED
from lora_viz.training.settings import TrainingSettings, training_scenario
from lora_viz.training.sweeps.findings import PROCESSOR_TIME, default_plan, sweep_settings
from lora_viz.training.sweeps.learning_rates import FILE, FULL, TRIED_RANKS, TRIED_RATES, Trial
from lora_viz.training.sweeps.plan import SweepPlan
from lora_viz.training.sweeps.sweep import Sweep, create_sweep

PARTS = ("lora", "full", "rates", "style", "qa")
EVENT_KINDS = ("evaluation", "snapshot", "step")


def main() -> None:
    """Make what is missing in WORK, then write what ships."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", choices=PARTS, nargs="*", default=PARTS)
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    os.environ["OMP_NUM_THREADS"] = "1"
    if "lora" in given.only:
        settings = TrainingSettings.make({"snapshot_every": 10, "evaluate_every": 10})
        _ship_lora(_done(given.work / "lora", settings))
    if "full" in given.only:
        scenario = training_scenario({"method": "full"})
        settings = TrainingSettings.make({"scenario": scenario, "snapshot_every": 0})
        _ship_full(_done(given.work / "full", settings))
    if "rates" in given.only:
        _record_rates(given.work)
    for task in TASKS:
        if task in given.only:
            _record_sweep(given.work, default_plan(task, given.seeds), f"{task}-sweep")


def _done(path: Path, settings: TrainingSettings) -> Run:
    """The finished run in this folder, made now if it is not there."""
    run = Run(path)
    if run.result() is None:
        shutil.rmtree(path, ignore_errors=True)
        run = create_run(settings, path.name, path.parent)
        clock = _ProcessorClock()
        do_job(run, settings, StopSignal(), Record(run, clock.hear), simulates_memory=False)
        (path / PROCESSOR_TIME).write_text(json.dumps(clock.seconds), encoding="utf-8")
    result = _result(run)
    loss = result.held_out and result.held_out.after and result.held_out.after.loss
    print(time.strftime("%H:%M:%S"), run.name, loss, flush=True)
    return run


def _result(run: Run) -> Result:
    result = run.result()
    assert result is not None and result.state == "finished", f"{run.name} did not finish"
    return result


class _ProcessorClock:
    """The processor time of each activity: on one thread, what other programs do not lengthen."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._activity: str | None = None
        self._since = time.process_time()

    def hear(self, event: Event) -> None:
        """Count from one change of activity to the next."""
        if not isinstance(event, StateEvent):
            return
        now = time.process_time()
        if self._activity:
            before = self.seconds.get(self._activity, 0.0)
            self.seconds[self._activity] = before + now - self._since
        self._activity, self._since = event.state, now


def _record_rates(work: Path) -> None:
    """Try every rate at a few ranks, and ship the validation losses."""
    trials = []
    for task in TASKS:
        for rank in (*TRIED_RANKS, FULL):
            for rate in TRIED_RATES["lora" if rank != FULL else "full"]:
                plan = SweepPlan(
                    settings=sweep_settings(task),
                    ranks=(rank or 1,),
                    learning_rates={rank: rate},
                )
                settings = plan.runs()[0 if rank else 1][1]
                run = _done(work / f"rates-{task}.r{rank}.{rate:g}", settings)
                losses = _result(run).validation
                assert losses is not None and losses.after is not None
                trials.append(asdict(Trial(task, rank, rate, losses.after.loss)))
    FILE.write_text(json.dumps(trials, indent=1) + "\n", encoding="utf-8")


def _record_sweep(work: Path, plan: SweepPlan, name: str) -> None:
    """Do the runs of a plan; after each seed, ship what is there."""
    planned = plan.runs()
    done: list[Run] = []
    for ending, settings in planned:
        done.append(_done(work / f"{name}.{ending}", settings))
        if len(done) % (len(planned) // len(plan.seeds)) == 0:
            seeds = plan.seeds[: len(done) * len(plan.seeds) // len(planned)]
            _ship_sweep(plan.model_copy(update={"seeds": seeds}), name, done)


def _ship_sweep(plan: SweepPlan, name: str, runs: list[Run]) -> None:
    """The plan, and of each run its settings and what of its result a sweep shows."""
    for old in RECORDED.glob(f"{name}*"):
        shutil.rmtree(old)
    sweep: Sweep = create_sweep(plan, name, RECORDED)
    for run in runs:
        target = sweep.path.parent / run.name
        target.mkdir()
        _copy_settings_and_result(run, target, {"samples", "layer_changes", "checks"})
        shutil.copy(run.path / PROCESSOR_TIME, target)


def _copy_settings_and_result(run: Run, target: Path, left_out: set[str]) -> None:
    (target / "settings.json").write_text(
        run.settings.model_dump_json(indent=1) + "\n", encoding="utf-8"
    )
    (target / "result.json").write_text(
        _result(run).model_dump_json(indent=1, exclude=left_out) + "\n", encoding="utf-8"
    )


def _halve(source: Path, target: Path) -> None:
    """Copy tensors in float16, half the size; W is float16 in the embedded model already."""
    target.parent.mkdir(exist_ok=True)
    save_file({name: one.astype("float16") for name, one in load_file(source).items()}, target)


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _ship_lora(run: Run) -> None:
    """Settings, events without memory, and result; W and the snapshots in float16."""
    target = _empty(RECORDED / "lora")
    _copy_settings_and_result(run, target, {"samples"})
    with (target / "events.jsonl").open("w", encoding="utf-8") as file:
        for event in run.events():
            if event.kind not in EVENT_KINDS:
                continue
            if isinstance(event, StepEvent):
                event = event.model_copy(update={"memory": MemoryReading()})
            file.write(event.model_dump_json() + "\n")
    for source in (run.path / "snapshots").iterdir():
        _halve(source, target / "snapshots" / source.name)


def _ship_full(run: Run) -> None:
    """Settings and result with every layer's singular values; ΔW of the kept layers in float16."""
    target = _empty(RECORDED / "full")
    _copy_settings_and_result(run, target, {"samples"})
    for file in {change.file for change in _result(run).layer_changes if change.file}:
        _halve(run.path / file, target / file)


if __name__ == "__main__":
    main()
