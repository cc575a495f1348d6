"""The scenario, the view and the training settings of one session.

They are read from the session's link, kept, and written back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from lora_viz.declared import Declared
from lora_viz.errors import UserError
from lora_viz.i18n import set_language
from lora_viz.scenario import Scenario
from lora_viz.training.settings import TrainingSettings
from lora_viz.ui.view import View

SCENARIO, VIEW, COMPLAINTS, TRAINING = "scenario", "view", "complaints", "training"
PINNED = "pinned"
OF_TRAINING = "train-"  # before the names of training settings in links: other fields share some
# A link names no file of the machine that it is opened on.
NOT_IN_LINKS = ("scenario", "data")


def begin_run() -> None:
    """Start a run: read the link if it is the first, set the language, write the link."""
    if SCENARIO not in st.session_state:
        query = st.query_params.to_dict()
        st.session_state[SCENARIO], of_scenario = Scenario.from_query(query)
        st.session_state[VIEW], of_view = View.from_query(query)
        st.session_state[TRAINING], of_training = _training_of_link(query)
        st.session_state[COMPLAINTS] = of_scenario + of_view + of_training
    set_language(scenario().language)
    _write_link()


def scenario() -> Scenario:
    """This session's scenario."""
    return st.session_state[SCENARIO]


def view() -> View:
    """This session's view."""
    return st.session_state[VIEW]


def training() -> TrainingSettings:
    """This session's training settings, for its scenario."""
    return st.session_state[TRAINING].with_scenario(scenario())


def values_of(owner: type[Declared]) -> Declared:
    """This session's scenario, view or training settings, by the declaration."""
    if owner is TrainingSettings:
        return training()
    return scenario() if owner is Scenario else view()


def update_training(**values: Any) -> None:
    """Change training settings; complain about values that are not allowed."""
    for field, value in values.items():
        try:
            st.session_state[TRAINING] = training().changed(**{field: value})
        except UserError as error:
            complain(str(error))


def take_settings(settings: TrainingSettings) -> None:
    """Take the settings of a run, its scenario among them; the language stays."""
    language = scenario().language
    st.session_state[SCENARIO] = settings.scenario.changed(language=language)
    st.session_state[TRAINING] = settings


def update(**values: Any) -> None:
    """Change fields of the scenario or the view; complain about values that are not allowed."""
    for field, value in values.items():
        try:
            if field == "model":
                st.session_state[SCENARIO] = scenario().with_model(value)
                st.session_state[VIEW] = view().changed(layer="", block="")
            elif field == "run":  # the one that is looked at, on other pages too
                st.session_state[VIEW] = view().changed(run=value, told_run="")
            elif field in Scenario.model_fields:
                st.session_state[SCENARIO] = scenario().changed(**{field: value})
            else:
                st.session_state[VIEW] = view().changed(**{field: value})
        except UserError as error:
            complain(str(error))


def pin(**values: Any) -> None:
    """Write what a page chose by itself into the link, which then means the same tomorrow."""
    for field, value in values.items():
        if getattr(view(), field) != value:
            update(**{field: value})
            st.session_state.setdefault(PINNED, {})[field] = value
    _write_link()


def unpin() -> None:
    """Let pages choose anew what they chose by themselves, as where there is a new run."""
    for field, value in st.session_state.pop(PINNED, {}).items():
        if getattr(view(), field) == value:
            update(**{field: View.model_fields[field].default})


def complain(sentence: str) -> None:
    """Show one sentence at the top of the next run."""
    st.session_state[COMPLAINTS].append(sentence)


def take_complaints() -> list[str]:
    """The sentences that are to be shown now; each is taken once."""
    complaints, st.session_state[COMPLAINTS] = st.session_state[COMPLAINTS], []
    return complaints


def link_parameters() -> dict[str, str]:
    """What a link to this screen holds after its page."""
    return scenario().to_query() | view().to_query() | _training_query()


def _training_of_link(query: Mapping[str, str]) -> tuple[TrainingSettings, list[str]]:
    given = {
        name.removeprefix(OF_TRAINING): value
        for name, value in query.items()
        if name.startswith(OF_TRAINING) and name.removeprefix(OF_TRAINING) not in NOT_IN_LINKS
    }
    settings, complaints = TrainingSettings.from_query(given)
    return settings.with_scenario(scenario()), complaints


def _training_query() -> dict[str, str]:
    usual = TrainingSettings.make({"scenario": scenario()})
    return {
        OF_TRAINING + name: value
        for name, value in training().to_query(usual).items()
        if name not in NOT_IN_LINKS
    }


def _write_link() -> None:
    wanted = link_parameters()
    kept = {name: value for name, value in st.query_params.items() if name.startswith("embed")}
    if st.query_params.to_dict() != wanted | kept:
        st.query_params.from_dict(wanted | kept)
