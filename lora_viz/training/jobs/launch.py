"""Start, stop and resume jobs in processes of their own, which outlive whoever started them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lora_viz.errors import UserError
from lora_viz.i18n import N_, Message
from lora_viz.storage import need_writable, writing_in
from lora_viz.training.jobs.queue import Ticket, draw_ticket
from lora_viz.training.runs import locks
from lora_viz.training.runs.events import CheckpointEvent, EventWriter, StateEvent
from lora_viz.training.runs.reserve import take_room
from lora_viz.training.runs.run_folder import PUT_ASIDE, RUNS, Run, create_run
from lora_viz.training.settings import TrainingSettings

ENDING_SECONDS = 10.0  # a process that has written its result still has to leave


def start(settings: TrainingSettings, name: str | None = None, root: Path | None = None) -> Run:
    """Make a run and start its job, which waits for its turn.

    Raises:
        UserError: it cannot be started; then nothing is left of it.
    """
    with place_in_queue() as ticket:
        run = create_run(settings, name, root)
        try:
            _start_process(run, ticket)
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
            _start_process(run, ticket)
        except UserError:
            if is_put_aside:
                with suppress(OSError):
                    (run.path / PUT_ASIDE).replace(run.path / "result.json")
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
    assert run.settings, "settings that cannot be read raise, before anything is changed"
    result = run.path / "result.json"
    with writing_in(run.path, RUNS):
        need_writable(run.path)
        take_room(run.path)
        _drop_unfinished_checkpoints(run)
        if not result.is_file():
            return False
        result.replace(run.path / PUT_ASIDE)
    return True


def _why_it_cannot_go_on(run: Run) -> Message:
    result = run.result()
    if result is not None and result.diverged_at is not None:
        return Message(
            N_("“%s” diverged and would diverge again; start again with other settings."), run.name
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


def stop(run: Run) -> bool:
    """Ask a job to stop and keep what it has; False if its process is gone already."""
    process = run.process_id()
    if process is None:
        return False
    try:
        os.kill(process, signal.SIGTERM)
    except ProcessLookupError:
        return False
    return True


def _start_process(run: Run, ticket: Ticket) -> None:
    """Start the job's process with the run's lock and its place in the queue, held throughout."""
    with writing_in(run.path, RUNS):
        lock = locks.take(run.lock_file)
    if lock is None:
        raise UserError(N_("“%s” is still running."), run.name)
    try:
        with writing_in(run.path, RUNS):
            writer = EventWriter(run.events_file)
            writer.write(StateEvent(state="queued"))
            writer.close()
            log = run.log_file.open("ab")
        with log:
            process = subprocess.Popen(
                [sys.executable, "-m", "lora_viz.training.jobs.job", str(run.path)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(lock, ticket.descriptor),
                env=ticket.environment(),
            )
    except UserError:
        raise
    except OSError as error:
        raise UserError(N_("The job cannot be started: %s."), error.strerror or error) from None
    finally:
        os.close(lock)
    with suppress(OSError):  # the process notes it too, and tells if it cannot
        run.remember_process(process.pid)
