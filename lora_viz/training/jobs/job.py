"""One job from its turn to its result; `python -m lora_viz.training.jobs.job FOLDER` runs it.

Importing this module loads no torch, so that a job is heard of from its first second.
"""

from __future__ import annotations

import os
import shutil
import sys
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from lora_viz.errors import UserError
from lora_viz.i18n import set_language
from lora_viz.storage import whole_number
from lora_viz.training.jobs.failures import DivergedError, explain
from lora_viz.training.jobs.memory_limits import need_memory_for_libraries
from lora_viz.training.jobs.printing import print_without_failing
from lora_viz.training.jobs.queue import own_ticket, wait_for_turn
from lora_viz.training.jobs.record import Listener, Record
from lora_viz.training.jobs.stopping import StopRequestedError, StopSignal
from lora_viz.training.runs.events import StateEvent
from lora_viz.training.runs.results import Result
from lora_viz.training.runs.run_folder import Run
from lora_viz.training.settings import TrainingSettings


def main() -> None:
    """Do the job of the folder that the command line names; exit with 1 if it fails."""
    print_without_failing()
    stop = StopSignal()
    stop.listen()
    run = Run(Path(sys.argv[1]))
    result = work(run, run.settings, stop)
    sys.exit(1 if result.state == "failed" else 0)


def process_rank() -> int:
    """Which of the processes that `accelerate launch` started this is; 0 for the only one.

    Raises:
        UserError: the environment says something that is no number.
    """
    return whole_number("RANK", 0)


def process_count() -> int:
    """How many processes train together. Raises as `process_rank` does."""
    return whole_number("WORLD_SIZE", 1, least=1)


def work(
    run: Run,
    settings: TrainingSettings,
    stop: StopSignal,
    listener: Listener | None = None,
) -> Result:
    """Wait for the job's turn, do it, and write its result.

    The caller holds the run's lock. Processes that train together do not wait, as the others
    would have to wait for the first at every step; jobs that come later wait for them.
    """
    set_language(settings.scenario.language)
    if process_rank() > 0:
        return do_job(run, settings, stop, Record(None))
    record = Record(run, listener)
    with ExitStack() as at_the_end:

        def wait() -> None:
            record.reserve_room()
            run.remember_process(os.getpid())
            ticket = own_ticket()
            at_the_end.callback(ticket.give_back)
            if process_count() == 1:
                wait_for_turn(ticket, stop, tell)

        def tell(ahead: int) -> None:
            record.write(StateEvent(state="queued", ahead=ahead))

        return end_of(wait, record) or do_job(run, settings, stop, record)


def do_job(
    run: Run,
    settings: TrainingSettings,
    stop: StopSignal,
    record: Record,
    *,
    simulates_memory: bool = True,
) -> Result:
    """Train now, and end with a result whatever happens."""
    # Threads that spin while they wait take the cores from whatever else runs on this machine, and
    # from one another: with a second busy process a step takes ten times as long.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    if process_count() == 1:  # Trainer would spread one process over all GPUs
        os.environ.setdefault("CUDA_VISIBLE_DEVICES", "0")

    def train() -> None:
        need_memory_for_libraries()
        record.reserve_room()
        record.begin("loading")
        from lora_viz.training.work.fine_tuning import fine_tune

        fine_tune(run, settings, stop, record, simulates_memory=simulates_memory)

    result = end_of(train, record)
    if result is None:
        is_stopped = stop.requested and not record.is_complete
        result = record.end("stopped" if is_stopped else "finished")
    if result.state == "finished" and record.writes:  # others can still go on from checkpoints
        shutil.rmtree(run.checkpoints_folder, ignore_errors=True)
    return result


def end_of(work: Callable[[], None], record: Record) -> Result | None:
    """Do a part of a job; if the job ends there, its result, which says why."""
    try:
        work()
    except (StopRequestedError, KeyboardInterrupt):
        return record.end("stopped")
    except DivergedError as error:
        record.keep(diverged_at=error.step)
        return record.end("failed", *explain(error))
    except UserError as error:
        return record.end("failed", *explain(error))
    except (Exception, SystemExit) as error:  # whatever a model, a library or a disk does
        record.log(traceback.format_exc())
        return record.end("failed", *explain(error))
    return None


if __name__ == "__main__":
    main()
