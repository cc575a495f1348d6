"""The file or text that a reader gave: read, kept for the session, and its settings taken over."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from lora_viz.errors import UserError
from lora_viz.figures.wording.names import model_name
from lora_viz.i18n import Message, _
from lora_viz.imports.answer import Imported
from lora_viz.imports.plain_text import MAXIMUM_MB, MAXIMUM_YAML_BYTES
from lora_viz.imports.read import read_import
from lora_viz.ui.bring_your_own.known_number import NUMBER, OF_WHAT
from lora_viz.ui.kit.asking import check_model
from lora_viz.ui.session import state
from lora_viz.ui.session.frames import may_act, uploader

GIVEN, UPLOADS, PASTED = "brought", "brought-uploads", "brought-text"


@dataclass(frozen=True)
class Given:
    """What a reader gave: its name, and what it says, or why it says nothing."""

    name: str
    found: Imported | Message


def given() -> Given | None:
    """What was given last; None where nothing was."""
    return st.session_state.get(GIVEN)


def place_to_give() -> None:
    """A place for a file, which is empty again after each, and one for a text."""
    number = st.session_state.setdefault(UPLOADS, 0)
    uploaded = uploader(
        _("A file of PEFT or of a trainer"),
        key=f"brought-{number}",
        max_upload_size=MAXIMUM_MB,
    )
    if uploaded is not None:
        st.session_state[UPLOADS] = number + 1
        _take(uploaded.name, uploaded.getvalue())
        st.rerun()
    if may_act():
        st.text_area(
            _("Or its text, or the line that PEFT prints"),
            key=PASTED,
            max_chars=MAXIMUM_YAML_BYTES,
            placeholder="trainable params: … || all params: … || trainable%: …",
            on_change=_take_text,
        )


def use(found: Imported) -> None:
    """Set the scenario as a file says, or say why its model cannot be, and begin a new run."""
    changes = dict(found.scenario)
    model = changes.pop("model", None)
    try:
        if model is not None:
            check_model(model, model_name(model))
            state.update(model=model)
        state.update(**changes)
    except UserError as error:
        state.complain(error.message)
    st.rerun()


def is_in_use(found: Imported) -> bool:
    """Whether the scenario is as a file says."""
    now = state.scenario()
    return all(getattr(now, name) == value for name, value in found.scenario.items())


def _take_text() -> None:
    text = st.session_state[PASTED]
    if may_act() and text.strip():
        _take(_("your text"), text.encode("utf-8", "replace"))
    else:
        st.session_state.pop(GIVEN, None)


def _take(name: str, content: bytes) -> None:
    """Read what was given; what was given before is gone, also where this is refused."""
    try:
        found: Imported | Message = read_import(content)
    except UserError as error:
        found = error.message
    st.session_state[GIVEN] = Given(name, found)
    if isinstance(found, Imported) and found.counted:
        st.session_state[OF_WHAT] = "parameters"
        st.session_state[NUMBER] = found.counted.trainable
