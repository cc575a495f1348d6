"""The browser that the benchmarks look with, and when a page counts as painted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from harness.browser import CHROMIUM_FLAGS, find_chromium

PATIENCE_MS = 300_000  # benchmarks end, and say how long it took, on a busy machine too

# The headline is there, no script runs, nothing is still to come, every chart is drawn.
IS_PAINTED = """() => {
  const all = (name) => [...document.querySelectorAll(`[data-testid="${name}"]`)];
  const headline = document.querySelector('[data-testid="stMain"] h1');
  return headline?.checkVisibility()
    && all("stApp")[0].dataset.testScriptState === "notRunning"
    && all("stSkeleton").length === 0
    && all("stPlotlyChart").every((chart) => chart.querySelector(".main-svg"))
    && document.querySelectorAll(".chart-figure:not([data-drawn])").length === 0;
}"""


@contextmanager
def running_browser() -> Iterator[Browser]:
    """A headless Chromium; RuntimeError if there is none on this machine."""
    with sync_playwright() as playwright:
        executable = find_chromium(playwright)
        if executable is None:
            raise RuntimeError("No Chromium found; scripts/find_or_install_chromium.sh gets one.")
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


def open_painted(context: BrowserContext, address: str) -> Page:
    """Open an address and wait for its headline and charts.

    Looks at every frame, which Playwright's `expect` does not.
    """
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(address, wait_until="commit")
    page.wait_for_function(IS_PAINTED, polling="raf")
    return page
