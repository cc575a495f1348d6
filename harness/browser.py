"""A real Chromium for the tests: find it, open a page of the application, and look at it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

SYSTEM_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LAPTOP = (1440, 900)
PHONE = (390, 844)
THIS_MACHINE = {"127.0.0.1", "localhost"}
TIMEOUT_MS = 120_000  # the first page of a run may wait for five processes to load torch


def find_chromium(playwright: Playwright) -> str | None:
    """The path of the system's Chromium, else of the one Playwright downloaded, else None."""
    for name in SYSTEM_BROWSERS:
        if path := shutil.which(name):
            return path
    downloaded = Path(playwright.chromium.executable_path)
    return str(downloaded) if downloaded.exists() else None


def new_context(
    browser: Browser,
    server_url: str,
    size: tuple[int, int] = LAPTOP,
    colour_scheme: str = "light",
    locale: str = "en-US",
) -> BrowserContext:
    """A fresh reader of the application: no cookies, a window of `size` (width, height) pixels."""
    width, height = size
    context = browser.new_context(
        base_url=server_url,
        viewport={"width": width, "height": height},
        color_scheme="dark" if colour_scheme == "dark" else "light",
        locale=locale,
    )
    context.set_default_timeout(TIMEOUT_MS)
    return context


def open_page(page: Page, path: str, expected_text: str) -> None:
    """Go to `path` ("/decomposition?rank=16") and wait for `expected_text` and all drawings."""
    page.goto(path)
    expect(page.get_by_test_id("stMain")).to_contain_text(expected_text, timeout=TIMEOUT_MS)
    wait_until_idle(page)


def wait_until_idle(page: Page) -> None:
    """Wait until no script runs and everything is drawn.

    Just after a click the page may still look idle: wait first for what the click should change.
    """
    app = page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=TIMEOUT_MS)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=TIMEOUT_MS)
    not_drawn = page.locator(".chart-figure:not([data-drawn])").filter(visible=True)
    expect(not_drawn).to_have_count(0, timeout=TIMEOUT_MS)


def follow_navigation(page: Page, section: str, title: str) -> None:
    """Go to another page as a reader does: open a section above the page, click a title in it.

    What is opened while a page is drawn closes again when the navigation is.
    """
    wait_until_idle(page)
    page.get_by_test_id("stTopNavSection").filter(has_text=section).click()
    opened = page.get_by_test_id("stTopNavPopover")
    opened.get_by_role("menuitem", name=title, exact=True).click()


def assert_no_exception(page: Page) -> None:
    """No traceback box on the page."""
    boxes = page.get_by_test_id("stException")
    assert boxes.count() == 0, boxes.first.inner_text()


def requested_hosts(context: BrowserContext) -> set[str]:
    """The hosts asked by every page of `context` from now on; filled as requests are made."""
    hosts: set[str] = set()

    def note(url: str) -> None:
        if host := urlsplit(url).hostname:
            hosts.add(host)

    context.on("request", lambda request: note(request.url))
    context.on("page", lambda page: page.on("websocket", lambda socket: note(socket.url)))
    return hosts


def save_screenshots(
    browser: Browser, server_url: str, path: str, expected_text: str, folder: Path
) -> list[Path]:
    """Pictures of one page, in light and dark, on a laptop and on a phone, as PNG files."""
    name = re.sub(r"\W+", "-", path).strip("-") or "start"
    pictures = []
    for colour_scheme in ("light", "dark"):
        for device, size in {"laptop": LAPTOP, "phone": PHONE}.items():
            with new_context(browser, server_url, size, colour_scheme) as context:
                page = context.new_page()
                open_page(page, path, expected_text)
                picture = folder / f"{name}-{colour_scheme}-{device}.png"
                page.screenshot(path=picture)
            pictures.append(picture)
    return pictures
