"""Start, stop and resume jobs in processes of their own, which outlive whoever started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from lora_viz.errors import UserError
from lora_viz.i18n import _
from lora_viz.training import locks
from lora_viz.training.events import EventWriter, StateEvent
from lora_viz.training.queue import draw_ticket
from lora_viz.training.run_folder import Run, create_run
from lora_viz.training.settings import TrainingSettings

ENDING_SECONDS = 10.0  # a process that has written its result still has to leave


def start(settings: TrainingSettings, name: str | None = None, root: Path | None = None) -> Run:
    """Make a run and start its job, which waits for its turn. Raises `UserError`."""
    run = create_run(settings, name, root)
    _start_process(run)
    return run


def resume(run: Run) -> None:
    """Let a job go on from its last checkpoint, or from the start if it has none.

    Raises:
        UserError: it is still running, or it finished.
    """
    prepare_to_resume(run)
    _start_process(run)


def prepare_to_resume(run: Run) -> None:
    """Put the result of a stopped or failed run aside. Raises `UserError` as `resume` does."""
    if run.can_resume():
        _wait_for_its_process(run)
    if run.is_alive():
        raise UserError(_("“%s” is still running.") % run.name)
    if not run.can_resume():
        raise UserError(_("“%s” has finished; there is nothing to resume.") % run.name)
    result = run.path / "result.json"
    if result.is_file():
        result.replace(run.path / "result.before_resuming.json")


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


def _start_process(run: Run) -> None:
    """Start the job's process with the run's lock and its place in the queue, held throughout."""
    lock = locks.take(run.lock_file)
    if lock is None:
        raise UserError(_("“%s” is still running.") % run.name)
    ticket = None
    try:
        ticket = draw_ticket()
        writer = EventWriter(run.events_file)
        writer.write(StateEvent(state="queued"))
        writer.close()
        with run.log_file.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "lora_viz.training.job", str(run.path)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(lock, ticket.descriptor),
                env=ticket.environment(),
            )
        run.remember_process(process.pid)
    except OSError as error:
        raise UserError(_("The job cannot be started: %s.") % (error.strerror or error)) from None
    finally:
        os.close(lock)
        if ticket:
            os.close(ticket.descriptor)
