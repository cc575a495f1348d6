"""The scenario and the view of one session: read from its link, kept, and written back."""

from __future__ import annotations

from typing import Any

import streamlit as st

from lora_viz.errors import UserError
from lora_viz.i18n import set_language
from lora_viz.scenario import Scenario
from lora_viz.ui.view import View

SCENARIO, VIEW, COMPLAINTS = "scenario", "view", "complaints"


def begin_run() -> None:
    """Start a run: read the link if it is the first, set the language, write the link."""
    if SCENARIO not in st.session_state:
        query = st.query_params.to_dict()
        st.session_state[SCENARIO], of_scenario = Scenario.from_query(query)
        st.session_state[VIEW], of_view = View.from_query(query)
        st.session_state[COMPLAINTS] = of_scenario + of_view
    set_language(scenario().language)
    _write_link()


def scenario() -> Scenario:
    """This session's scenario."""
    return st.session_state[SCENARIO]


def view() -> View:
    """This session's view."""
    return st.session_state[VIEW]


def update(**values: Any) -> None:
    """Change fields of the scenario or the view; complain about values that are not allowed."""
    for field, value in values.items():
        try:
            if field == "model":
                st.session_state[SCENARIO] = scenario().with_model(value)
                st.session_state[VIEW] = view().changed(layer="", block="")
            elif field in Scenario.model_fields:
                st.session_state[SCENARIO] = scenario().changed(**{field: value})
            else:
                st.session_state[VIEW] = view().changed(**{field: value})
        except UserError as error:
            complain(str(error))


def complain(sentence: str) -> None:
    """Show one sentence at the top of the next run."""
    st.session_state[COMPLAINTS].append(sentence)


def take_complaints() -> list[str]:
    """The sentences that are to be shown now; each is taken once."""
    complaints, st.session_state[COMPLAINTS] = st.session_state[COMPLAINTS], []
    return complaints


def link_parameters() -> dict[str, str]:
    """What a link to this screen holds after its page."""
    return scenario().to_query() | view().to_query()


def _write_link() -> None:
    wanted = link_parameters()
    kept = {name: value for name, value in st.query_params.items() if name.startswith("embed")}
    if st.query_params.to_dict() != wanted | kept:
        st.query_params.from_dict(wanted | kept)
