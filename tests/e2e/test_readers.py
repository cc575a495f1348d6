"""Two browsers on one server: each has its own runs, also after a reload."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from harness.browser import new_context, open_page
from lora_viz.training.folder.owners import keep_owner
from lora_viz.ui.serving import reader
from tests.training.damaged_runs import whole_run

from .course import Course


def test_a_browser_keeps_its_runs_over_a_reload_and_no_other_may_delete_them(
    browser: Browser, course: Course
) -> None:
    server, runs = course.server, course.runs
    whole_run(runs, "nobodys")
    with new_context(browser, server.url) as one:
        page = one.new_page()
        open_page(page, "/compare-runs", "You have no run yet")
        found: list[dict[str, Any]] = [dict(cookie) for cookie in one.cookies()]
        (cookie,) = [one for one in found if one["name"] == reader.COOKIE]
        assert cookie["httpOnly"] and cookie["sameSite"] == "Lax"
        assert reader.COOKIE_FORM.fullmatch(cookie["value"])
        folder, owner = whole_run(runs, "mine"), reader.hashed(cookie["value"])
        keep_owner(folder, owner)
        open_page(page, "/compare-runs", "Run again with a change")  # a new session
        assert page.url.endswith("/compare-runs?runs=mine")
        assert owner not in page.content()
        expect(_deletes(page)).to_have_count(1)
    with new_context(browser, server.url) as other:
        page = other.new_page()
        open_page(page, "/compare-runs", "You have no run yet")
        assert "mine" not in page.url
        open_page(page, "/compare-runs?runs=mine", "Run again with a change")
        expect(_deletes(page)).to_have_count(0)


def _deletes(page: Page) -> Locator:
    return page.get_by_test_id("stMain").get_by_text("Delete", exact=True)
