"""The scenario, the view and the training settings of one session.

They are read from the session's link, kept, and written back. Each change that a reader makes is an
entry of the browser's history, and what a page chooses by itself changes that entry: the buttons
Back and Forward bring the settings of an entry back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import RerunException, get_script_run_ctx

from lora_viz.choices.declaration import Declared
from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.i18n import Message, ask_for_language, language_of, set_language
from lora_viz.report.link import address_of
from lora_viz.training.settings import TrainingSettings
from lora_viz.ui.session import frames, links
from lora_viz.ui.session.view import View

SCENARIO, VIEW, COMPLAINTS, TRAINING = "scenario", "view", "complaints", "training"
PINNED = "pinned"
VISITED = "visited"  # what was set while the address held a link, by the link
MOST_VISITED = 200  # as many steps back bring everything back


def begin_run() -> None:
    """Start a run: read the link if it is new to this run, and set the language.

    `write_link` ends its beginning, once it is clear that no other page takes over.
    """
    if SCENARIO not in st.session_state:
        _take_link()
    elif _came_by_history():
        _go_back_to_link()
    frames.remember()
    set_language(scenario().language)


def scenario() -> Scenario:
    """This session's scenario."""
    return st.session_state[SCENARIO]


def _take(scenario: Scenario) -> None:
    """Make a scenario the session's, and its language that of this run."""
    st.session_state[SCENARIO] = scenario
    set_language(scenario.language)


def _language() -> str | None:
    """The running session's language; None where no session runs, or one that has none yet.

    Callbacks and fragments run in other threads, in which nobody has set a language.
    """
    if get_script_run_ctx(suppress_warning=True) is None or SCENARIO not in st.session_state:
        return None
    return scenario().language


ask_for_language(_language)


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
            complain(error.message)


def take_settings(settings: TrainingSettings) -> None:
    """Take the settings of a run, its scenario among them; the language stays."""
    language = scenario().language
    _take(settings.scenario.changed(language=language))
    st.session_state[TRAINING] = settings


def as_link() -> links.Link:
    """All that is set now."""
    return links.Link(scenario(), view(), training(), [])


def take_all(given: links.Link) -> None:
    """Set all that a link says; the language stays."""
    _set(given.scenario.changed(language=scenario().language), given.view, given.training)


def update(**values: Any) -> None:
    """Change fields of the scenario or the view; complain about values that are not allowed."""
    for field, value in values.items():
        try:
            if field == "model":
                _take(scenario().with_model(value))
                st.session_state[VIEW] = view().changed(layer="", block="")
            elif field == "run":  # the one that is looked at, on other pages too
                st.session_state[VIEW] = view().changed(run=value, told_run="")
            elif field in Scenario.model_fields:
                _take(scenario().changed(**{field: value}))
            else:
                st.session_state[VIEW] = view().changed(**{field: value})
        except UserError as error:
            complain(error.message)


def pin(**values: Any) -> None:
    """Write what a page chose by itself into the link, which then means the same tomorrow."""
    for field, value in values.items():
        if getattr(view(), field) != value:
            update(**{field: value})
            st.session_state.setdefault(PINNED, {})[field] = value
    write_link()


def unpin() -> None:
    """Let pages choose again what they chose by themselves, as when there is a new run."""
    for field, value in st.session_state.pop(PINNED, {}).items():
        if getattr(view(), field) == value:
            update(**{field: View.model_fields[field].default})


def complain(sentence: str | Message) -> None:
    """Show one sentence at the top of the next run."""
    st.session_state[COMPLAINTS].append(sentence)


@contextmanager
def complaints() -> Iterator[list[str | Message]]:
    """The sentences that are to be shown in this run, which is drawn within the context.

    A run that gives way to the next one may never have been seen: its sentences stay for that.
    """
    shown = list(st.session_state[COMPLAINTS])
    gives_way = False
    try:
        yield shown
    except RerunException:
        gives_way = True
        raise
    finally:
        if not gives_way:
            del st.session_state[COMPLAINTS][: len(shown)]


def link_parameters() -> dict[str, str]:
    """What a link to this screen holds after its page."""
    return links.write(scenario(), view(), training(), _spoken())


def parameters_for_others() -> dict[str, str]:
    """What a link holds that is given to others, to whom this reader's uploads mean nothing."""
    return {name: value for name, value in link_parameters().items() if name != links.UPLOAD}


def address(**further: str) -> str:
    """The address of this screen with its settings, for others, and further parameters."""
    return address_of(st.context.url or "", parameters_for_others() | further)


def _spoken() -> str:
    """The language that the reader's browser asks for; English where it is none of ours."""
    return language_of(st.context.locale or "")


def _take_link() -> None:
    """Set what the address says, and forget what was set before."""
    address = st.query_params
    repeated = [name for name in address if len(address.get_all(name)) > 1]
    given = links.read(address.to_dict(), _spoken(), repeated)
    _set(given.scenario, given.view, given.training)
    st.session_state[COMPLAINTS] = given.complaints


def _came_by_history() -> bool:
    """Whether this run is one of the browser's Back or Forward.

    Nothing else tells: a browser sends an old address too where it has not heard of the newest yet.
    """
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def _go_back_to_link() -> None:
    """Set what was set while the address was this one, what fits no link among it."""
    visited = st.session_state.get(VISITED, {}).get(_key(st.query_params.to_dict()))
    if visited:
        _set(*visited)
    else:
        _take_link()


def _set(scenario: Scenario, view: View, training: TrainingSettings) -> None:
    st.session_state[SCENARIO], st.session_state[VIEW] = scenario, view
    st.session_state[TRAINING] = training


def write_link() -> None:
    """Write what is set into the address."""
    wanted = link_parameters()
    visited = st.session_state.setdefault(VISITED, {})
    visited.pop(_key(wanted), None)  # the newest stands last
    visited[_key(wanted)] = scenario(), view(), training()
    if len(visited) > MOST_VISITED:
        del visited[next(iter(visited))]
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def _key(query: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(query.items()))
