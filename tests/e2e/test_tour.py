"""The shipped tours in a real browser, from start to end by keyboard alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from harness.accessibility import violations
from harness.browser import assert_no_exception, open_page, wait_until_idle
from lora_viz.tours.shelf import SHIPPED
from lora_viz.tours.tour import Tour
from lora_viz.ui.page_list import page as page_of

FADING_MS = 600  # what has just been drawn again is paler for a moment


def is_at(page: Page, tour: Tour, number: int) -> None:
    """Wait for the bar of a stop, on its page; what the page computes is not waited for."""
    bar = page.locator(".st-key-tour")
    expect(bar).to_contain_text(f"stop {number} of {len(tour.stops)} ")
    stop = tour.stops[number - 1]
    page.wait_for_url(re.compile(rf"/{page_of(stop.page).address}\?.*tour={tour.name}"))
    expect(bar).to_contain_text(stop.title.in_language("en"))
    # the keys are listened to once the script that says this has run
    heard = page.locator(".st-key-tour-keys .status")
    expect(heard).to_contain_text(f"stop {number} of {len(tour.stops)} ")


@pytest.mark.parametrize("name", SHIPPED)
def test_a_tour_is_walked_by_keyboard_alone(name: str, page: Page) -> None:
    tour = SHIPPED[name]
    open_page(page, f"/{page_of('trust').address}?tour={name}", "stop 1 of")
    page.get_by_role("button", name="To this stop").press("Enter")
    for number in range(1, len(tour.stops)):
        is_at(page, tour, number)
        page.keyboard.press("n")
    is_at(page, tour, len(tour.stops))
    page.keyboard.press("p")
    is_at(page, tour, len(tour.stops) - 1)
    page.keyboard.press("n")
    is_at(page, tour, len(tour.stops))
    page.keyboard.press("n")
    expect(page.locator(".st-key-tour")).to_have_count(0)
    assert_no_exception(page)


def test_back_is_pressed_once_for_each_stop(page: Page) -> None:
    open_page(page, "/decomposition?tour=explainer&stop=3", "stop 3 of")
    for number in (3, 4):
        is_at(page, SHIPPED["explainer"], number)
        wait_until_idle(page)
        page.keyboard.press("n")
    for number in (5, 4):
        is_at(page, SHIPPED["explainer"], number)
        wait_until_idle(page)
        page.go_back()
    is_at(page, SHIPPED["explainer"], 3)


def test_keys_belong_to_whatever_is_typed_in(page: Page) -> None:
    open_page(page, "/decomposition?tour=explainer&stop=3", "stop 3 of")
    expect(page.locator(".st-key-area-picture")).to_have_css("outline-style", "solid")
    box = page.get_by_test_id("stSidebar").get_by_test_id("stNumberInput").first.locator("input")
    box.press("n")
    box.press("Escape")
    slider = page.get_by_test_id("stMain").get_by_role("slider").first
    slider.press("End")
    page.wait_for_url("**rank=512**")
    expect(page.locator(".st-key-tour")).to_contain_text("✓ Done")
    wait_until_idle(page)
    page.wait_for_timeout(FADING_MS)
    assert "stop=3" in page.url and violations(page) == []
    slider.press("p")  # a slider takes no letters
    page.wait_for_url("**/full-or-lora?**stop=2**")
