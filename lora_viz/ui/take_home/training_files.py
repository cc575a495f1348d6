"""The scenario as a file that training elsewhere begins with: chosen, shown, saved, copied."""

from __future__ import annotations

import streamlit as st

from lora_viz.errors import UserError
from lora_viz.exports.formats import FORMATS, Exported, export
from lora_viz.i18n import Message, _
from lora_viz.questions.ask_for import architecture_of
from lora_viz.ui.kit.asking import answer_or_reason
from lora_viz.ui.kit.literal import as_block, as_markdown
from lora_viz.ui.kit.messages import show_error
from lora_viz.ui.session import state
from lora_viz.ui.take_home.copy_button import copy_button


def training_files_button() -> None:
    """A button that opens them, as code has no room in a sidebar."""
    title = _("Take this with you")
    if st.button(title, key="training-files", width="stretch"):
        st.dialog(title, width="large")(training_files)()


def training_files() -> None:
    """A choice of formats, and the file of the chosen one."""
    name = st.selectbox(
        _("This scenario as"),
        tuple(FORMATS),
        format_func=lambda one: FORMATS[one].label,
        key="training-file",
    )
    st.caption(as_markdown(Message(FORMATS[name].purpose)))
    made = _made(name)
    if isinstance(made, UserError):
        show_error(str(made))
        return
    for line in made.unsaid:
        st.caption(as_markdown(line))
    st.code(as_block(made.text), language=made.form.syntax, height=420)
    save, copy = st.columns(2)
    save.download_button(
        _("Save"),
        data=made.text,
        file_name=made.form.file_name,
        mime="text/plain",
        key="save-training-file",
        help=made.form.file_name,
        on_click="ignore",
        width="stretch",
    )
    with copy:
        copy_button(_("Copy"), made.text, "copy-training-file")


def _made(name: str) -> Exported | UserError:
    """The file, or why there is none."""
    scenario = state.scenario()
    reading = _("Reading the layers of %s …") % scenario.model
    model = answer_or_reason(reading, architecture_of(scenario))
    if isinstance(model, UserError):
        return model
    try:
        return export(name, scenario, model.class_name)
    except UserError as error:
        return error
