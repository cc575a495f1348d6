"""Pages of other origins frame the application: it can be looked at, and acts for allowed ones."""

from __future__ import annotations

import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, FrameLocator, Page, expect

from harness.browser import new_context

from .course import Course

START = "Start training"


def framed(page: Page, framing: str, address: str) -> FrameLocator:
    """The application's address within a page of another origin."""
    page.goto(f"{framing}/?frame={address.replace('?', '%3F').replace('&', '%26')}")
    return page.frame_locator("iframe")


def test_who_frames_the_application_may_look_and_who_is_allowed_may_act(
    browser: Browser, course: Course, tmp_path: Path
) -> None:
    server, port = course.server, course.framing_port
    allowed, foreign = f"http://127.0.0.1:{port}", f"http://localhost:{port}"
    with new_context(browser, server.url) as context:
        page = context.new_page()
        lab = f"{server.url}/training-lab?model=tiny-gpt2"

        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text))
        frame = framed(page, foreign, lab)
        page.wait_for_timeout(1500)
        assert frame.get_by_test_id("stApp").count() == 0
        assert any("frame-ancestors" in text for text in refused)

        frame = framed(page, foreign, f"{lab}&seq-len=64&embed=true")
        button = frame.get_by_role("button", name=START)
        expect(button).to_be_disabled()
        expect(frame.get_by_text("you cannot start").first).to_be_visible()
        page.screenshot(path=tmp_path / "embedded.png")
        # what runs change in the address keeps it an embedded one
        frame.get_by_role("radio", name="Questions").first.click()
        within = page.frames[1]
        within.wait_for_url("**train-task=qa**")
        assert "embed=true" in within.url
        expect(button).to_be_disabled()

        frame = framed(page, allowed, f"{lab}&seq-len=64")
        expect(frame.get_by_role("button", name=START)).to_be_enabled()

        page.goto(f"{lab}&seq-len=64")
        expect(page.get_by_role("button", name=START)).to_be_enabled()

        with urllib.request.urlopen(f"{server.url}/_stcore/host-config") as answer:
            assert b'"allowedOrigins":[]' in answer.read().replace(b" ", b"")
