"""The stage in a real browser: views by keys, the notes that follow, what a link leaves out."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from harness.browser import assert_no_exception, open_page, wait_until_idle
from lora_viz.ui.page_list import PAGES

ABOVE_THE_BAR = """() => {
  const charts = [...document.querySelectorAll(".st-key-area-picture .chart-figure[data-drawn]")];
  return charts.length && charts.every((one) => one.getBoundingClientRect().bottom <= 665);
}"""
TITLES = [page.headline for page in PAGES]


def test_keys_turn_the_view_and_the_notes_follow(page: Page) -> None:
    open_page(page, "/decomposition?rank=16", "Decomposition")
    page.get_by_test_id("stSidebar").get_by_text("Present", exact=True).click()
    notes_at = page.get_by_role("link", name="Speaker's notes").get_attribute("href") or ""
    page.get_by_role("button", name="Go on stage").click()
    expect(page.get_by_test_id("stSidebar")).not_to_be_visible()
    main = page.get_by_test_id("stMain")
    expect(main.get_by_role("slider")).to_have_count(0)  # of those that are to be seen
    number = page.locator(".key-number")
    assert number.evaluate("element => parseFloat(getComputedStyle(element).fontSize)") > 50

    notes = page.context.new_page()
    notes.goto(notes_at)
    told = notes.get_by_test_id("stMain")
    expect(told).to_contain_text("How close does B × A come to ΔW?")
    here = TITLES.index("Decomposition")
    for key, place in (("ArrowRight", 1), ("PageDown", 2), ("PageUp", 1), ("ArrowLeft", 0)):
        page.bring_to_front()
        page.keyboard.press(key)
        title = TITLES[here + place]
        expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
        wait_until_idle(page)
        assert "rank=16" in page.url and "stage=1" in page.url
        expect(told.get_by_role("heading", level=1)).to_have_text(PAGES[here + place].title)
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("stSidebar")).to_be_visible()
    assert_no_exception(page)


def test_within_a_tour_keys_turn_its_stops_and_the_notes_say_what_to_say(page: Page) -> None:
    open_page(page, "/decomposition?tour=explainer&stop=3&stage=1", "Decomposition")
    expect(page.locator(".st-key-tour")).not_to_be_visible()
    page.keyboard.press("PageDown")
    page.wait_for_url(re.compile("stop=4"))
    assert "stage=1" in page.url


def test_a_link_leaves_out_what_a_lesson_does_not_need(page: Page) -> None:
    open_page(page, "/decomposition?hide=tabs,rank,navigation", "Decomposition")
    expect(page.get_by_test_id("stTabs").first).not_to_be_visible()
    expect(page.get_by_test_id("stTopNav")).not_to_be_visible()
    for slider in page.get_by_role("slider").all():
        expect(slider).not_to_be_visible()
    expect(page.get_by_test_id("stSidebar").get_by_text("Alpha")).to_be_visible()


def test_the_charts_of_a_picture_end_above_the_fold(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    open_page(page, "/full-or-lora?stage=1", "GPT-2 small")
    page.wait_for_function(ABOVE_THE_BAR)
