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
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from lora_viz.errors import UserError
from lora_viz.i18n import N_, Message
from lora_viz.models.source import typed_model
from lora_viz.storage import RUNS, writing_in
from lora_viz.training.folder import locks
from lora_viz.training.folder.damage import DamagedFileError
from lora_viz.training.folder.files import links_below
from lora_viz.training.folder.job_folder import JobFolder
from lora_viz.training.folder.reserve import RESERVE, take_room
from lora_viz.training.folder.writing import open_to_append, write_whole
from lora_viz.training.jobs.queue import Ticket, draw_ticket
from lora_viz.training.jobs.stopping import asked_to_stop_later
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
            start_process(run, JOB, ticket, _beginning(run))
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
        _need_its_turn_over(run)
        start_process(run, JOB, ticket, _going_on(run))


def prepare_to_resume(run: Run) -> None:
    """Put the result of a stopped or failed run aside, while nobody else holds the run.

    Raises:
        UserError: as `resume` does.
    """
    _need_its_turn_over(run)
    with run.held():
        _put_result_aside(run)


def _need_its_turn_over(run: Run) -> None:
    """Raise `UserError` where a run cannot go on; its last process is waited for."""
    _settings = Run(run.path).settings  # as they are now; those that cannot be read raise
    if run.can_resume():
        _wait_for_its_process(run)
    if run.is_alive():
        raise UserError(N_("“%s” is still running."), run.name)
    _need_unfinished(run)


def _need_unfinished(run: Run) -> None:
    if why_not := _why_it_cannot_go_on(run):
        raise UserError(why_not)


def _put_result_aside(run: Run) -> bool:
    """Whether there was a result. Raises `UserError`; the caller holds the run's lock.

    Somebody may have resumed or deleted the run since it was looked at.
    """
    settings = Run(run.path).settings  # those that cannot be read raise before a change
    _need_unfinished(run)
    for damage in links_below(run.path, without=RESERVE):  # of a job's files, or of a checkpoint's
        raise DamagedFileError(damage)
    result = run.result_file
    with writing_in(run.path, RUNS):
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


def _why_it_cannot_go_on(run: Run) -> Message | None:
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
    if result is not None and result.state == "finished":
        return Message(N_("“%s” has finished; there is nothing to resume."), run.name)
    return None


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
    """Ask a process to stop and keep what it has; False if it is gone already.

    Raises:
        UserError: nobody knows which process it is. A file that names a process is not believed:
            that process has to hold the folder's lock.
    """
    process = folder.process_id()
    if process is None or not locks.has_open(process, folder.lock_file):
        if not folder.is_alive():
            return False
        raise UserError(
            N_("“%s” cannot be stopped now: its file process.json does not name its process."),
            folder.name,
        )
    try:
        os.kill(process, signal.SIGTERM)
        os.kill(process, signal.SIGCONT)  # one that is suspended hears nothing else
    except ProcessLookupError:
        return False
    return True


def start_process(
    folder: JobFolder, module: str, ticket: Ticket, beginning: AbstractContextManager[None]
) -> None:
    """Start `python -m MODULE FOLDER` with the folder's lock and its place in the queue.

    Both are held throughout; `beginning` writes what has to be there before the process, and takes
    it back where that cannot be started.

    Raises:
        UserError: it runs already, or it cannot be started.
    """
    with folder.held() as lock, beginning:
        with writing_in(folder.path, RUNS):
            folder.forget_process()
            log = open_to_append(folder.path, folder.log_file.name)
        try:
            with log, asked_to_stop_later():
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


@contextmanager
def _beginning(run: Run) -> Iterator[None]:
    """A run that waits for its process."""
    with writing_in(run.path, RUNS):
        writer = EventWriter(run.events_file)
        writer.write(StateEvent(state="queued"))
        writer.close()
    yield


@contextmanager
def _going_on(run: Run) -> Iterator[None]:
    """A run that waits for its next process; where none can be started, it is as it was."""
    is_put_aside = _put_result_aside(run)
    try:
        with _beginning(run):
            yield
    except UserError:
        if is_put_aside:
            with suppress(OSError):
                (run.path / PUT_ASIDE).replace(run.result_file)
        raise
