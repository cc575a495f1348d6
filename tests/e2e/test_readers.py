"""Two browsers on one server: each has its own runs, also after a reload."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from harness.browser import follow_navigation, new_context, open_page, wait_until_idle
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


def test_back_leaves_a_page_at_once_that_chose_a_run_by_itself(
    browser: Browser, course: Course
) -> None:
    with new_context(browser, course.server.url) as one:
        page = one.new_page()
        open_page(page, "/decomposition", "2.08")
        kept: list[dict[str, Any]] = [dict(cookie) for cookie in one.cookies()]
        (cookie,) = [one for one in kept if one["name"] == reader.COOKIE]
        keep_owner(whole_run(course.runs, "shown"), reader.hashed(cookie["value"]))
        for title, address in (
            ("Training lab", "training-lab?run=shown"),
            ("Compare runs", "compare-runs?runs=shown"),
        ):
            follow_navigation(page, "Train", title)
            page.wait_for_url(f"**/{address}")
            wait_until_idle(page)
            page.go_back()
            expect(page.get_by_test_id("stMain")).to_contain_text("2.08")
            wait_until_idle(page)
            assert page.url.endswith("/decomposition")
        open_page(page, "/compare-runs", "Run again with a change")  # by its address
        page.wait_for_url("**/compare-runs?runs=shown")
        page.go_back()
        expect(page.get_by_test_id("stMain")).to_contain_text("2.08")
        page.wait_for_url("**/decomposition")


def _deletes(page: Page) -> Locator:
    return page.get_by_test_id("stMain").get_by_text("Delete", exact=True)
