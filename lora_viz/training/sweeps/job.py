"""A sweep's one process, which loads the libraries once for all runs.

`python -m lora_viz.training.sweeps.job FOLDER` runs it. Importing this module loads no torch.
"""

from __future__ import annotations

import os
import shutil
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from lora_viz.errors import UserError
from lora_viz.i18n import set_language
from lora_viz.training.folder.reserve import take_room, write_into_room
from lora_viz.training.jobs.failures import explain
from lora_viz.training.jobs.job import do_job
from lora_viz.training.jobs.launch import prepare_to_resume
from lora_viz.training.jobs.printing import print_without_failing
from lora_viz.training.jobs.queue import own_ticket, wait_for_turn
from lora_viz.training.jobs.record import Record
from lora_viz.training.jobs.stopping import StopRequestedError, StopSignal
from lora_viz.training.runs.events import Event, StateEvent
from lora_viz.training.runs.kept_runs import create_run
from lora_viz.training.runs.results import Result, ending
from lora_viz.training.runs.run_folder import SETTINGS, Run
from lora_viz.training.settings import TrainingSettings
from lora_viz.training.sweeps.plan import SweepPlan
from lora_viz.training.sweeps.sweep import END, Sweep, SweepEnd, is_done

SweepListener = Callable[[Run, Event], None]


def work(sweep: Sweep, stop: StopSignal, listener: SweepListener | None = None) -> list[Result]:
    """Wait for the sweep's turn and do its runs; those that were done before are not done again.

    The caller holds the sweep's lock. `listener` hears of every event of every run. However the
    sweep ends, `Sweep.end` tells.
    """
    plan = sweep.plan()
    set_language(plan.settings.scenario.language)
    results: list[Result] = []
    try:
        with suppress(OSError):
            (sweep.path / END).unlink(missing_ok=True)
        take_room(sweep.path)
        _do_all(sweep, plan, stop, listener or (lambda _run, _event: None), results)
        end = SweepEnd(state="finished")
    except (StopRequestedError, KeyboardInterrupt):
        end = SweepEnd(state="stopped")
    except (Exception, SystemExit) as error:
        if not isinstance(error, UserError):
            with suppress(OSError, ValueError):  # the log may be on the disk that is full
                traceback.print_exc()
        end = SweepEnd(state="failed", **ending(*explain(error)))
    with suppress(OSError):  # a disk that takes nothing at all cannot be told anything
        write_into_room(sweep.path, END, end.model_dump_json().encode())
    return results


def main() -> None:
    """Do the sweep of the folder that the command line names; exit with 1 if a run fails."""
    print_without_failing()
    stop = StopSignal()
    stop.listen()
    sweep = Sweep(Path(sys.argv[1]))
    results = work(sweep, stop)
    end = sweep.end()
    is_failed = end is None or end.state == "failed"
    sys.exit(1 if is_failed or any(result.state == "failed" for result in results) else 0)


def _do_all(
    sweep: Sweep, plan: SweepPlan, stop: StopSignal, tell: SweepListener, results: list[Result]
) -> None:
    runs = sweep.runs()
    ticket = own_ticket()
    try:
        wait_for_turn(
            ticket, stop, lambda ahead: tell(runs[0], StateEvent(state="queued", ahead=ahead))
        )
        for run, (_ending, settings) in zip(runs, plan.runs(), strict=True):
            stop.check()
            results.append(_do(run, settings, stop, tell))
    finally:
        ticket.give_back()


def _is_unbegun(folder: Path) -> bool:
    """Whether nothing is in a folder but what a run takes before it has settings."""
    return folder.is_dir() and all(one.name.startswith(".") for one in folder.iterdir())


def _do(run: Run, settings: TrainingSettings, stop: StopSignal, tell: SweepListener) -> Result:
    earlier = run.result()
    if earlier and is_done(run):
        return earlier
    if not (run.path / SETTINGS).is_file():
        if _is_unbegun(run.path):  # killed before its settings were written
            shutil.rmtree(run.path, ignore_errors=True)
        create_run(settings, run.name, run.path.parent)
    prepare_to_resume(run)
    with run.held():
        run.remember_process(os.getpid())
        record = Record(run, lambda event: tell(run, event))
        return do_job(run, settings, stop, record, simulates_memory=False)


if __name__ == "__main__":
    main()
