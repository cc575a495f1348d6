"""From a step of the sidebar's rank until the page is idle again and nothing on it changes.

Compared with a page that draws the same navigation, widgets, charts, tables and texts from
constants. Readers ask for less motion, so that no time is spent on showing where values went.
"""

from __future__ import annotations

import os
import pickle
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from playwright.sync_api import Browser, Page

from benchmarks import constant_page
from benchmarks._browser import open_painted, running_browser
from benchmarks._recording import MOVED_LABEL, record
from benchmarks._servers import make_application, prepare_answers, stored_in
from benchmarks._tables import print_table, ratio, seconds
from harness.browser import new_context
from harness.server import REPOSITORY, AppServer, running_server
from lora_viz.questions import workers
from lora_viz.ui import page_list

# without those on which nothing depends on the scenario, whose reruns nobody can see
PAGES = {f"/{page.address}": str(page.file) for page in page_list.PAGES if page.follows_scenario}
UNPREPARED_MODEL = "distilgpt2"
RANKS = (8, 9)  # the default, and one step further
ROUNDS = 5
AIM = 1.3
QUIET_MS = 400
LEAST_MS = 1  # changes of one batch are seen at the same moment

# Note when the key went down, the rerun was first seen, the script ended, and anything on the page
# last changed. A rerun can be so quick that the page never shows that it is running.
WATCH = """() => {
  const app = document.querySelector('[data-testid="stApp"]');
  const isContent = (node) => {
    const element = node.closest ? node : node.parentElement;
    return element?.closest('[data-testid="stMain"]');
  };
  const seen = window.seen = {pressed: 0, started: 0, ended: 0, drawn: 0};
  document.addEventListener("keydown", () => { seen.pressed ||= performance.now(); },
    {capture: true, once: true});
  window.watcher?.disconnect();
  window.watcher = new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.target === app) {
        seen.started ||= performance.now();
        if (app.dataset.testScriptState === "notRunning") seen.ended = performance.now();
      } else if (isContent(change.target)) {
        seen.started ||= performance.now();
        seen.drawn = performance.now();
      }
    }
  });
  window.watcher.observe(app, {subtree: true, childList: true,
    attributes: true, characterData: true});
}"""
IS_OVER = """(quiet) => seen.started
  && document.querySelector('[data-testid="stApp"]').dataset.testScriptState === "notRunning"
  && performance.now() - Math.max(seen.started, seen.ended, seen.drawn) > quiet"""
TIMES = """() => [
  seen.pressed, seen.started, Math.max(seen.started, seen.ended, seen.drawn)]"""


@dataclass
class MovedPage:
    """An open page and what its moves took: from the key, and from the start of the rerun."""

    page: Page
    from_key: list[float] = field(default_factory=list)
    from_rerun: list[float] = field(default_factory=list)

    def measure(self, key: str) -> None:
        """Change the rank by one key press; wait until nothing has changed for a while."""
        self.page.bring_to_front()
        self.page.emulate_media(reduced_motion="reduce")
        self.page.evaluate(WATCH)
        sidebar = self.page.get_by_test_id("stSidebar")
        sidebar.get_by_role("spinbutton", name=MOVED_LABEL).press(key)
        self.page.wait_for_function(IS_OVER, arg=QUIET_MS)
        pressed, started, over = self.page.evaluate(TIMES)
        self.from_key.append((over - pressed) / 1_000)
        self.from_rerun.append(max(over - started, LEAST_MS) / 1_000)

    def forget(self) -> None:
        """Leave out what was measured so far."""
        self.from_key.clear()
        self.from_rerun.clear()


def run() -> None:
    """Measure and print the table."""
    rows = []
    with both_servers() as (application, constants), running_browser() as browser:
        _wait_for_the_workers(browser, application)
        for path in PAGES:
            with (
                new_context(browser, application.url) as reader,
                new_context(browser, constants.url) as reader_of_constants,
            ):
                real = MovedPage(open_painted(reader, path))
                constant = MovedPage(open_painted(reader_of_constants, f"/?page={path}"))
                _measure_in_turn(real, constant)
            rows.append(
                (
                    path,
                    seconds(constant.from_key),
                    ratio(real.from_key, constant.from_key),
                    seconds(constant.from_rerun),
                    ratio(real.from_rerun, constant.from_rerun),
                )
            )
        chromium = browser.version
    print_table(
        f"From a step of the sidebar's rank until the page is idle and drawn (Chromium {chromium}, "
        f"{2 * ROUNDS} steps each),\nagainst the same page drawn from constants; the aim is "
        f"{AIM} ×. Streamlit waits a while after a key before it reruns.",
        ("Page", "constants, from the key", "× constants", "from the rerun", "× constants"),
        rows,
    )


@contextmanager
def both_servers() -> Iterator[tuple[AppServer, AppServer]]:
    """The application, and the application that draws its pages from constants."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        scratch = Path(name)
        stack.enter_context(stored_in(prepare_answers(scratch / "answers")))
        stack.enter_context(patch.dict(os.environ, PYTHONPATH=str(REPOSITORY)))
        pages = {path: {rank: record(file, rank) for rank in RANKS} for path, file in PAGES.items()}
        workers.stop()
        folder = make_application(scratch / "constants", constant_page.SCRIPT)
        (folder / constant_page.RECORDING).write_bytes(pickle.dumps(pages))
        yield (
            stack.enter_context(running_server(scratch / "application.log")),
            stack.enter_context(running_server(scratch / "constants.log", folder)),
        )


def _wait_for_the_workers(browser: Browser, application: AppServer) -> None:
    """Ask something that only a worker answers, so that none is still loading torch afterwards."""
    with new_context(browser, application.url) as context:
        open_painted(context, f"/?model={UNPREPARED_MODEL}")


def _measure_in_turn(*pages: MovedPage) -> None:
    """Move up and down again on one page after the other; the first round does not count."""
    for number in range(1 + ROUNDS):
        for key in ("ArrowUp", "ArrowDown"):
            for page in pages:
                page.measure(key)
        if not number:
            for page in pages:
                page.forget()
