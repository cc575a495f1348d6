"""Fixtures: one server and one browser for all tests of a test process, a fresh reader each."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from harness.browser import CHROMIUM_FLAGS, TIMEOUT_MS, find_chromium, new_context
from harness.server import AppServer, running_server
from lora_viz.ui.session.frames import ORIGINS

from .course import Course, framing_pages, visit_first

HERE = Path(__file__).parent
expect.set_options(timeout=TIMEOUT_MS)
NO_BROWSER = "no Chromium found; scripts/find_or_install_chromium.sh installs one"


@pytest.hookimpl(tryfirst=True)  # xdist reads the marks in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep these tests in one test process (`--dist loadgroup`), so that they share a server.

    One that fails is tried once more: on a busy machine a click can come while Streamlit replaces
    what is clicked. The summary counts what was tried again.
    """
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("browser"))
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the server's log with a failure."""
    report = yield
    servers = [v for v in getattr(item, "funcargs", {}).values() if isinstance(v, AppServer)]
    if report.failed:
        report.sections.extend(("server log", server.log) for server in servers)
    return report


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """The application, shared by the tests of one test process."""
    with running_server(tmp_path_factory.mktemp("server") / "server.log") as running:
        yield running


@pytest.fixture
def fresh_server(tmp_path: Path) -> Iterator[AppServer]:
    """The application just started: nobody has visited it yet."""
    with running_server(tmp_path / "server.log") as running:
        yield running


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Course]:
    """A server as a course has it, whose first visit was by a deep link."""
    folder = tmp_path_factory.mktemp("course")
    with framing_pages() as port, ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:  # for the server alone
            patch.setenv(ORIGINS, f"https://course.example http://127.0.0.1:{port}")
            patch.setenv("LORA_VIZ_RUNS", str(folder / "runs"))
            patch.setenv("LORA_VIZ_RUNS_ARE", "shared")
            running = stack.enter_context(running_server(folder / "server.log"))
        visit_first(browser, running, "/checkpoints?rank=4", "Checkpoints")
        yield Course(running, folder / "runs", port)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium; without one, browser tests are skipped, and fail where `CI` is set."""
    with sync_playwright() as playwright:
        executable = find_chromium(playwright)
        if executable is None:
            (pytest.fail if os.environ.get("CI") else pytest.skip)(NO_BROWSER)
        running = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def one_browser(browser: Browser, server: AppServer) -> Iterator[BrowserContext]:
    """One reader's browser, which has most of the application's files already."""
    with new_context(browser, server.url) as context:
        yield context


@pytest.fixture
def page(one_browser: BrowserContext) -> Iterator[Page]:
    """A blank page whose paths are the shared server's, in a window of 1440 × 900.

    Its reader is a fresh one: of what an earlier one did, only files are kept.
    """
    page = one_browser.new_page()
    yield page
    page.evaluate("location.protocol == 'about:' || localStorage.clear()")
    page.close()
    one_browser.clear_cookies()
