"""The snapshot or the message that a reader gave: read, and kept for the session."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import streamlit as st

from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.i18n import N_, Message, _
from lora_viz.memory.snapshots.reading import SnapshotFacts
from lora_viz.memory.snapshots.refused_memory import LONGEST, RefusedMemory, read_refused_memory
from lora_viz.questions import ask_for, kept
from lora_viz.storage import keep, kept_file
from lora_viz.ui.kit.messages import waiting
from lora_viz.ui.session.frames import may_act, uploader

GIVEN, UPLOADS, PASTED = "failed-run", "failed-run-uploads", "failed-run-text"
KIND = "snapshots"
LARGEST_SNAPSHOT_MB = 100  # `maxUploadSize` in .streamlit/config.toml lets uploads of this size in
NO_MESSAGE = N_("This text has no message of PyTorch about memory that ran out.")


@dataclass(frozen=True)
class Upload:
    """A snapshot that a reader gave: its own name, and the one that it is kept under."""

    name: str
    kept_as: str


Said = SnapshotFacts | RefusedMemory | Message


def place_for_what_is_left() -> None:
    """A place for a snapshot, which is empty again after each, and one for a message."""
    number = st.session_state.setdefault(UPLOADS, 0)
    uploaded = uploader(
        _("A snapshot of a run's memory"),
        key=f"{GIVEN}-{number}",
        max_upload_size=LARGEST_SNAPSHOT_MB,
    )
    if uploaded is not None:
        st.session_state[UPLOADS] = number + 1
        st.session_state[GIVEN] = _take(uploaded.name, uploaded.getvalue())
        st.session_state[PASTED] = ""
        st.rerun()
    if may_act():
        st.text_area(
            _("Or PyTorch's message"),
            key=PASTED,
            max_chars=LONGEST,
            placeholder="CUDA out of memory. Tried to allocate …",
            on_change=_take_text,
        )


def what_was_said(scenario: Scenario) -> tuple[str, Said] | None:
    """The name of what was given last and what it says, or why it says nothing; None of none."""
    given = st.session_state.get(GIVEN)
    if not isinstance(given, Upload):
        return None if given is None else (_("Your text"), given)
    file = kept_file(KIND, given.kept_as)
    try:
        with waiting(_("Reading %s …") % given.name):
            said = kept.ask(ask_for.snapshot_facts_of(file, given.name, scenario))
    except UserError as error:
        return given.name, error.message
    return given.name, said


def _take(name: str, content: bytes) -> Upload | Message:
    kept_as = hashlib.sha256(content).hexdigest()[:16] + ".pickle"
    try:
        keep(KIND, kept_as, content)
    except UserError as error:
        return error.message
    return Upload(name, kept_as)


def _take_text() -> None:
    """Read what was pasted; what was given before is gone, also where this is refused."""
    text = st.session_state[PASTED]
    if not (may_act() and text.strip()):
        st.session_state.pop(GIVEN, None)
        return
    st.session_state[GIVEN] = read_refused_memory(text) or Message(NO_MESSAGE)
