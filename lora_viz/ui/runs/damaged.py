"""Folders of runs that are damaged: one line each that says what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from lora_viz.format import grouped
from lora_viz.i18n import _
from lora_viz.training.folder.damage import Damage
from lora_viz.training.runs.kept_runs import damage_of_all
from lora_viz.training.runs.run_folder import Run, UnreadableRun
from lora_viz.ui.kit.literal import as_code, as_markdown
from lora_viz.ui.kit.messages import show_warning
from lora_viz.ui.runs.buttons import delete
from lora_viz.ui.serving.reader import owns
from lora_viz.ui.session.frames import act_button

MOST_IN_A_LINE = 3


def damaged_runs(found: Mapping[str, Sequence[Damage]]) -> None:
    """A closed list of what is wrong with which folder; nothing where all can be read."""
    if damage := damage_of_all():
        show_warning(damage.sentence())
    if not found:
        return
    with st.expander(_("Damaged folders of runs: %s") % grouped(len(found))):
        st.markdown(
            "\n".join(
                f"- {as_code(name)}: {as_markdown(what_is_wrong(damages))}"
                for name, damages in found.items()
            )
        )


def delete_unreadable(unreadable: Sequence[UnreadableRun]) -> None:
    """A button for each folder of this reader whose settings cannot be read, so that it can go."""
    for one in unreadable:
        if not owns(one.path):
            continue
        with st.popover(_("Delete %s") % as_code(one.name)):
            st.markdown(_("Delete %s and all that is left in it?") % as_code(one.name))
            act_button(
                _("Delete for good"),
                key=f"delete-unreadable:{one.name}",
                on_click=_delete_now,
                args=(one,),
                type="primary",
            )


def _delete_now(one: UnreadableRun) -> None:
    delete(Run(one.path))


def what_is_wrong(damages: Sequence[Damage]) -> str:
    """What is wrong with a folder, in a few sentences."""
    words = [str(damage.sentence()) for damage in damages[:MOST_IN_A_LINE]]
    if len(damages) > MOST_IN_A_LINE:
        words.append(_("Other problems: %s.") % grouped(len(damages) - MOST_IN_A_LINE))
    return " ".join(words)
