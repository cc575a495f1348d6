"""From the start of the server to the first painted page, against an empty Streamlit app."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from playwright.sync_api import Browser

from benchmarks._browser import open_painted, running_browser
from benchmarks._servers import make_application, prepare_answers, stored_in
from benchmarks._tables import print_table, ratio, seconds
from harness.browser import new_context
from harness.server import REPOSITORY, running_server

REPETITIONS = 5
AIM = 1.3
# the least that any page with a chart and a table takes
ONE_CHART = """import streamlit as st

st.title("One chart")
st.plotly_chart({"data": [{"type": "bar", "x": [1, 2], "y": [3, 4]}]})
st.dataframe({"x": [1, 2], "y": [3, 4]})
"""
EMPTY_APP = 'import streamlit as st\n\nst.title("An empty app")\n'


@dataclass
class Visit:
    """One row of the table: what is started, what is opened, and how long that took.

    `answers` is the storage folder that the server finds; with None it finds a new one each time.
    `answered` are the seconds until the server answers, `painted` those until the page is there,
    both from the start of the server's process.
    """

    name: str
    application: Path
    path: str
    answers: Path | None
    answered: list[float] = field(default_factory=list)
    painted: list[float] = field(default_factory=list)

    def measure(self, browser: Browser) -> None:
        """Start the server, open the page in a browser that has nothing cached, stop both."""
        with tempfile.TemporaryDirectory() as name, stored_in(self.answers or Path(name)):
            start = perf_counter()
            server = running_server(Path(name) / "server.log", self.application)
            with server as running, new_context(browser, running.url) as context:
                answered = perf_counter() - start
                open_painted(context, self.path)
                self.painted.append(perf_counter() - start)
                self.answered.append(answered)

    def forget(self) -> None:
        """Leave out what was measured so far."""
        self.answered.clear()
        self.painted.clear()


def run() -> None:
    """Measure and print the table."""
    with tempfile.TemporaryDirectory() as scratch:
        empty_app = make_application(Path(scratch) / "empty", EMPTY_APP)
        one_chart = make_application(Path(scratch) / "chart", ONE_CHART)
        answers = prepare_answers(Path(scratch) / "answers")
        empty = Visit("Empty Streamlit app", empty_app, "/", answers)
        visits = [
            empty,
            Visit("One chart, one table", one_chart, "/", answers),
            Visit("Start", REPOSITORY, "/", answers),
            Visit("Link to /decomposition", REPOSITORY, "/decomposition?rank=16", answers),
            Visit("Start, nothing prepared", REPOSITORY, "/", None),
        ]
        with running_browser() as browser:
            for visit in visits:
                visit.measure(browser)
                visit.forget()
            for _repetition in range(REPETITIONS):
                for visit in visits:
                    visit.measure(browser)
            chromium = browser.version
    print_table(
        f"From the start of the server to the first painted page (Chromium {chromium}, nothing "
        f"cached, {REPETITIONS} starts each).\nAnswers are prepared on disk, as `make app` does, "
        f"where the row does not say otherwise; the aim is {AIM} ×.",
        ("First visit", "server answers", "× empty", "page painted", "× empty"),
        [
            (
                visit.name,
                seconds(visit.answered),
                ratio(visit.answered, empty.answered),
                seconds(visit.painted),
                ratio(visit.painted, empty.painted),
            )
            for visit in visits
        ],
    )
