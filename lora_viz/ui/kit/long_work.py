"""Work of many simulated steps: it says how far it is, and can be stopped and gone on with.

Every step that is done is kept, so that going on begins where it was stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

from lora_viz.i18n import _
from lora_viz.ui.kit.literal import as_markdown

Say = Callable[[str, float | None], None]


@contextmanager
def long_work(name: str) -> Iterator[Say]:
    """A line that says what is being done, as a share of all if that is known, and a stop button.

    Any control of the page ends the work too, as it starts the page's run again.
    """
    place = st.empty()
    with place.container():
        line = st.empty()
        # the run that the click starts does not find the work asked for, which is all it takes
        st.button(_("Stop"), key=f"stop:{name}", on_click=_stop, args=(name,))

    def say(words: str, share: float | None = None) -> None:
        if share is None:
            line.markdown(as_markdown(words))
        else:
            line.progress(share, as_markdown(words))

    yield say
    place.empty()


def is_stopped(name: str, work: object) -> bool:
    """Whether a reader has stopped this very work; other work under the name starts again.

    Args:
        work: what the work is about, such as its steps; compared with what was stopped.
    """
    if st.session_state.get(f"stopped:{name}") and st.session_state.get(f"work:{name}") == work:
        return True
    st.session_state[f"work:{name}"], st.session_state[f"stopped:{name}"] = work, False
    return False


def go_on_button(name: str) -> None:
    """A button that goes on with stopped work."""
    st.button(_("Continue"), key=f"go-on:{name}", on_click=_go_on, args=(name,))


def _stop(name: str) -> None:
    st.session_state[f"stopped:{name}"] = True


def _go_on(name: str) -> None:
    st.session_state[f"stopped:{name}"] = False
