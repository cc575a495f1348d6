"""Start, stop and resume jobs in processes of their own, which outlive whoever started them.

A rank sweep's process is started and stopped as a run's is.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lora_viz.errors import UserError
from lora_viz.i18n import N_, Message
from lora_viz.models.source import typed_model
from lora_viz.storage import RUNS, need_writable, writing_in
from lora_viz.training.folder.job_folder import JobFolder
from lora_viz.training.folder.reserve import take_room
from lora_viz.training.folder.writing import write_whole
from lora_viz.training.jobs.queue import Ticket, draw_ticket
from lora_viz.training.runs.events import CheckpointEvent, EventWriter, StateEvent
from lora_viz.training.runs.kept_runs import create_run
from lora_viz.training.runs.run_folder import PUT_ASIDE, SETTINGS, Run
from lora_viz.training.settings import TrainingSettings

JOB = "lora_viz.training.jobs.job"
ENDING_SECONDS = 10.0  # a process that has written its result still has to leave


def start(settings: TrainingSettings, name: str | None = None, root: Path | None = None) -> Run:
    """Make a run and start its job, which waits for its turn.

    Raises:
        UserError: it cannot be started; then nothing is left of it.
    """
    with place_in_queue() as ticket:
        run = create_run(settings, name, root)
        try:
            _start_job(run, ticket)
        except UserError:
            shutil.rmtree(run.path, ignore_errors=True)
            raise
    return run


def resume(run: Run) -> None:
    """Let a job go on from its last checkpoint, or from the start if it has none.

    Raises:
        UserError: it is still running, it cannot go on, or its folder cannot be written; then it
            is as it was.
    """
    with place_in_queue() as ticket:
        is_put_aside = prepare_to_resume(run)
        try:
            _start_job(run, ticket)
        except UserError:
            if is_put_aside:
                with suppress(OSError):
                    (run.path / PUT_ASIDE).replace(run.result_file)
            raise


def prepare_to_resume(run: Run) -> bool:
    """Put the result of a stopped or failed run aside; whether there was one.

    Raises:
        UserError: as `resume` does.
    """
    if run.can_resume():
        _wait_for_its_process(run)
    if run.is_alive():
        raise UserError(N_("“%s” is still running."), run.name)
    if not run.can_resume():
        raise UserError(_why_it_cannot_go_on(run))
    settings = run.settings  # those that cannot be read raise, before anything is changed
    result = run.result_file
    with writing_in(run.path, RUNS):
        need_writable(run.path)
        take_room(run.path)
        _name_its_model_whole(run, settings)
        _drop_unfinished_checkpoints(run)
        if not result.is_file():
            return False
        result.replace(run.path / PUT_ASIDE)
    return True


def _name_its_model_whole(run: Run, settings: TrainingSettings) -> None:
    """Write the whole path of a model that an earlier version named from its working directory."""
    scenario = settings.scenario
    model = typed_model(scenario.model)
    if model != scenario.model:
        changed = settings.changed(scenario=scenario.changed(model=model))
        write_whole(run.path / SETTINGS, changed.model_dump_json(indent=1))
        run.forget_settings()


def _why_it_cannot_go_on(run: Run) -> Message:
    result = run.result()
    if result is not None and result.diverged_at is not None:
        return Message(
            N_("“%s” diverged and would diverge again; start again with other settings."), run.name
        )
    if damage := run.result_damage():
        return Message(
            N_("“%(run)s” cannot go on, because nobody knows how it ended. %(reason)s"),
            run=run.name,
            reason=damage.sentence(),
        )
    return Message(N_("“%s” has finished; there is nothing to resume."), run.name)


def _drop_unfinished_checkpoints(run: Run) -> None:
    """Remove what was being written when a job ended: Trainer would count it among its newest."""
    whole = {event.folder for event in run.events() if isinstance(event, CheckpointEvent)}
    for folder in run.checkpoints_folder.glob("checkpoint-*"):
        if f"{run.checkpoints_folder.name}/{folder.name}" not in whole:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def place_in_queue() -> Iterator[Ticket]:
    """A ticket for a process that is started in this block and inherits it."""
    ticket = draw_ticket()
    try:
        yield ticket
    except UserError:
        ticket.path.unlink(missing_ok=True)
        raise
    finally:
        os.close(ticket.descriptor)


def _wait_for_its_process(run: Run) -> None:
    until = time.monotonic() + ENDING_SECONDS
    while run.is_alive() and time.monotonic() < until:
        time.sleep(0.02)


def stop(folder: JobFolder) -> bool:
    """Ask a process to stop and keep what it has; False if it is gone already."""
    process = folder.process_id()
    if process is None:
        return False
    try:
        os.kill(process, signal.SIGTERM)
    except ProcessLookupError:
        return False
    return True


def start_process(
    folder: JobFolder, module: str, ticket: Ticket, begin: Callable[[], None]
) -> None:
    """Start `python -m MODULE FOLDER` with the folder's lock and its place in the queue.

    Both are held throughout; `begin` writes what has to be there before the process.

    Raises:
        UserError: it runs already, or it cannot be started.
    """
    with folder.held() as lock:
        with writing_in(folder.path, RUNS):
            begin()
            log = folder.log_file.open("ab")
        try:
            with log:
                process = subprocess.Popen(
                    [sys.executable, "-m", module, str(folder.path)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    pass_fds=(lock, ticket.descriptor),
                    env=ticket.environment(),
                )
        except OSError as error:
            raise UserError(N_("The job cannot be started: %s."), error.strerror or error) from None
    with suppress(OSError):  # the process notes it too, and tells if it cannot
        folder.remember_process(process.pid)


def _start_job(run: Run, ticket: Ticket) -> None:
    def begin() -> None:
        writer = EventWriter(run.events_file)
        writer.write(StateEvent(state="queued"))
        writer.close()

    start_process(run, JOB, ticket, begin)
