"""Stop, resume and delete runs, and the queue as a reader sees it."""

from __future__ import annotations

import streamlit as st

from lora_viz.errors import UserError
from lora_viz.i18n import _
from lora_viz.training.folder.job_folder import JobFolder
from lora_viz.training.jobs import launch
from lora_viz.training.runs.run_folder import Run
from lora_viz.ui.kit.literal import as_code
from lora_viz.ui.runs.read import RecordedRun, recorded
from lora_viz.ui.runs.words import badge
from lora_viz.ui.serving.reader import owns
from lora_viz.ui.session import state
from lora_viz.ui.session.frames import act_button

STOPPING = "stopping"
QUEUE_SECONDS = 2


def stop_button(one: RecordedRun, place: str) -> None:
    """Ask a job of one's own to stop after its step and keep what it has."""
    if not one.is_own:
        return
    is_stopping = one.name in st.session_state.get(STOPPING, ())
    act_button(
        _("Stopping …") if is_stopping else _("Stop"),
        key=f"stop:{place}:{one.name}",
        on_click=_stop,
        args=(one.run,),
        disabled=is_stopping,
        help=_("It ends after its current step and keeps what it has."),
    )


def resume_button(one: RecordedRun) -> None:
    """Let a job of one's own go on that ended before its last step."""
    if not one.is_own or not one.run.can_resume():
        return
    checkpoint = one.run.last_checkpoint()
    step = checkpoint.name.split("-")[-1] if checkpoint else "0"
    act_button(
        _("Resume from step %s") % step,
        key=f"resume:{one.name}",
        on_click=_resume,
        args=(one.run,),
        type="primary",
    )


def queue(runs: list[RecordedRun], shown: str) -> None:
    """The jobs that work or wait, oldest first; each can be stopped. It renews itself."""
    working = [one.run for one in reversed(runs) if one.is_running]
    if working and [run.name for run in working] != [shown]:
        st.fragment(_queue, run_every=QUEUE_SECONDS)(working)


def _queue(working: list[Run]) -> None:
    try:
        now = [recorded(run) for run in working]
    except UserError:  # deleted in another window
        st.rerun()
    if not all(one.is_running for one in now):
        st.rerun()
    with st.container(border=True):
        st.markdown(f"**{_('Queue')}**")
        for one in now:
            words, button = st.columns([3, 1], vertical_alignment="center")
            waits = " " + _("%s ahead") % one.ahead if one.ahead else ""
            words.markdown(f"{badge(one.state)} {as_code(one.name)}{waits}")
            with button:
                stop_button(one, "queue")


def delete(run: Run) -> bool:
    """Delete a run's folder, readable or not, if it is this reader's; a complaint if that fails."""
    if not may_change(run):
        return False
    try:
        run.delete()
    except (UserError, OSError) as error:
        state.complain(str(error))
        return False
    return True


def _stop(run: Run) -> None:
    if not may_change(run):
        return
    try:
        is_asked = launch.stop(run)
    except UserError as error:
        state.complain(str(error))
        return
    if is_asked:
        st.session_state.setdefault(STOPPING, set()).add(run.name)


def may_change(folder: JobFolder) -> bool:
    """Whether a run or a sweep is this reader's, and a complaint if it is not."""
    if owns(folder.path):
        return True
    state.complain(
        _("“%s” is not your run; only the person who started it can change it.") % folder.name
    )
    return False


def _resume(run: Run) -> None:
    if not may_change(run):
        return
    st.session_state.get(STOPPING, set()).discard(run.name)
    try:
        launch.resume(run)
    except (UserError, OSError) as error:
        state.complain(str(error))
