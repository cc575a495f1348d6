"""The reverse question: of an adapter only a number is known, so what is in it?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from lora_viz.adapter.layout import AdapterLayout
from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.i18n import _, plural
from lora_viz.imports.contents import Match, adapters_with_bytes, adapters_with_parameters
from lora_viz.models.architecture import Architecture
from lora_viz.questions import kept
from lora_viz.questions.ask_for import adapter_of
from lora_viz.ui.kit import page
from lora_viz.ui.kit.messages import show_info, show_warning, waiting
from lora_viz.ui.session import state

OF_WHAT, NUMBER, CHOSEN = "known-of-what", "known-number", "known-match"
LARGEST = 10**13


def what_is_in_it(model: str, architecture: Architecture) -> None:
    """A number, and every usual adapter of the model that has it."""
    st.markdown(f"**{_('What is in an adapter of which you know a number?')}**")
    names = {"parameters": _("Trainable parameters"), "bytes": _("Bytes of the file")}
    st.session_state.setdefault(OF_WHAT, "parameters")
    st.session_state.setdefault(NUMBER, 0)
    kind = st.segmented_control(
        _("You know"), tuple(names), key=OF_WHAT, format_func=names.__getitem__, required=True
    )
    number = st.number_input(_("How many"), 0, LARGEST, key=NUMBER, step=1)
    if not number:
        st.caption(_("A log says the one, a list of files the other (adapter_model.safetensors)."))
        return
    try:
        with waiting(_("Looking through the usual adapters of this model …")):
            found = _search(model, architecture, str(kind), number)
    except UserError as error:
        show_warning(error.message)
        return
    if not found:
        show_info(_("No usual adapter of this model has just that number."))
        return
    _show(found)


def _search(model: str, architecture: Architecture, kind: str, number: int) -> Sequence[Match]:
    """Every match. Raises `UserError` where the model's layers cannot be adapted."""

    def layout_of(wanted: Scenario) -> AdapterLayout:
        return kept.ask(adapter_of(wanted))

    search = {"parameters": adapters_with_parameters, "bytes": adapters_with_bytes}[kind]
    return search(model, architecture, layout_of, number)


def _show(found: Sequence[Match]) -> None:
    st.markdown(plural("%s adapter has it:", "%s adapters have it:", len(found)) % len(found))
    page.table([_row(match) for match in found], "known-number")
    chosen = st.selectbox(
        _("Take one over"), found, key=CHOSEN, format_func=_in_a_line, placeholder=_("Choose")
    )
    if st.button(_("Use this adapter"), key="use-match"):
        state.update(**({"method": "lora"} | chosen.changes))
        st.rerun()


def _row(match: Match) -> dict[str, Any]:
    return {
        "r": match.rank,
        _("Target modules"): ", ".join(match.targets),
        _("DoRA"): _("yes") if match.dora else _("no"),
        _("Copied whole"): ", ".join(match.saved),
        _("Number format"): ", ".join(
            dict.fromkeys(filter(None, (match.adapter_dtype, match.saved_dtype)))
        ),
        _("All parameters"): match.everything,
    }


def _in_a_line(match: Match) -> str:
    parts = [f"r = {match.rank}", ", ".join(match.targets), *(["DoRA"] if match.dora else [])]
    return " · ".join([*parts, *match.saved, *filter(None, [match.adapter_dtype])])
