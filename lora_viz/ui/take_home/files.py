"""The report of a session, made when somebody asks for it and kept until something changes."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from lora_viz.choices.scenario_links import decode
from lora_viz.questions import kept
from lora_viz.report.making import Wanted, make_report
from lora_viz.report.writing import format_of
from lora_viz.ui.session import state

IN_SESSION = "take-home"  # the last file that was made: a session keeps one
# by the end of a file's name
KINDS = {
    ".html": "text/html",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}


@dataclass(frozen=True)
class MadeFile:
    """A file and what it was made of."""

    made_of: Wanted
    suffix: str
    content: bytes

    @property
    def name(self) -> str:
        """What it is called when it is saved."""
        return f"lora-viz-report{self.suffix}"


def wanted_now(*, planner: bool) -> Wanted:
    """What the session's report is about: the scenario, and what was chosen on the pages."""
    view, scenario = state.view(), state.scenario()
    runs = view.compared_runs or ((view.run,) if view.run else ())
    return Wanted(
        scenario,
        link=state.address() if scenario.fits_links("model") else "",
        layer=view.layer,
        runs=runs,
        compared=decode(view.compared)[0],
        planner=planner,
        utilisation=view.utilisation,
    )


def make(wanted: Wanted, suffix: str) -> None:
    """Make a file and keep it in the session."""
    content = format_of(f"report{suffix}")(make_report([wanted], kept.ask))
    st.session_state[IN_SESSION] = MadeFile(wanted, suffix, content)


def made(wanted: Wanted) -> MadeFile | None:
    """The last file that was made, if it is still about the same."""
    last: MadeFile | None = st.session_state.get(IN_SESSION)
    return last if last and last.made_of == wanted else None
