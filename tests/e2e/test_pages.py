"""Every page in a real browser: on a laptop and a phone, in both themes and both languages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from harness.accessibility import violations
from harness.browser import (
    LAPTOP,
    PHONE,
    THIS_MACHINE,
    assert_no_exception,
    follow_navigation,
    new_context,
    open_page,
    requested_hosts,
    wait_until_idle,
)
from harness.server import AppServer
from lora_viz.glossary.terms import terms_of_page
from lora_viz.ui.page_list import PAGES

FEWER_STEPS = {"planner": "?planned-methods=lora"}
WINDOWS: dict[str, tuple[tuple[int, int], Literal["light", "dark"]]] = {
    "laptop, light": (LAPTOP, "light"),
    "phone, dark": (PHONE, "dark"),
}


@pytest.fixture(scope="module")
def context_of_both(browser: Browser, server: AppServer) -> Iterator[BrowserContext]:
    """A fresh browser, which asks for all that the application has once for both windows."""
    with new_context(browser, server.url) as context:
        yield context


@pytest.mark.parametrize("window", WINDOWS)
def test_every_page_fits_its_window_and_is_accessible(
    window: str, context_of_both: BrowserContext
) -> None:
    (width, height), colour_scheme = WINDOWS[window]
    context_of_both.clear_cookies()
    hosts = requested_hosts(context_of_both)
    page = context_of_both.new_page()
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=colour_scheme)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    for one in PAGES:
        path = f"/{one.address}{FEWER_STEPS.get(one.name, '')}"
        open_page(page, path, one.headline)
        expect(page).to_have_title(f"{one.title} · LoRA Viz")
        assert_no_exception(page)
        main = page.get_by_test_id("stMain")
        too_wide = main.evaluate("element => element.scrollWidth - element.clientWidth")
        assert too_wide <= 0, f"{path} is {too_wide} pixels wider than its window"
        cut = main.locator(".katex-display").evaluate_all(CUT_OFF)
        assert max(cut, default=0) <= 0, f"{path}: a formula is wider than its place"
        inaccessible = violations(page)
        assert not inaccessible, f"{path}:\n" + "\n".join(inaccessible)
        assert_terms_explain_themselves(page, one.name)
    page.evaluate("localStorage.clear()")
    page.close()
    assert hosts and hosts <= THIS_MACHINE
    assert errors == []


CUT_OFF = "formulas => formulas.map((one) => one.scrollWidth - one.clientWidth)"
SHOWN_AT_FOCUS = """keys => {
    const shown = {};
    for (const key of keys) {
        const marker = document.querySelector(`.explained[data-term=${key}]`);
        if (!marker) return null;
        marker.focus();
        const tip = document.getElementById(marker.getAttribute("aria-describedby"));
        shown[key] = tip.checkVisibility() ? tip.innerText : "";
    }
    return shown;
}"""


def assert_terms_explain_themselves(page: Page, name: str) -> None:
    """Each term that the page is named for shows its meaning where the keyboard reaches it."""
    terms = terms_of_page(name)
    shown = page.wait_for_function(SHOWN_AT_FOCUS, arg=[term.key for term in terms]).json_value()
    assert [term.key for term in terms if term.meaning not in shown[term.key]] == []


def test_the_idea_comes_in_once_and_not_for_who_wants_less_motion(page: Page) -> None:
    page.goto("/")
    opening = page.locator(".picture.opening .coming")
    expect(opening).not_to_have_count(0)
    names = "all => all.map((one) => getComputedStyle(one).animationName)"
    assert set(opening.evaluate_all(names)) == {"come"}
    page.emulate_media(reduced_motion="reduce")
    assert set(opening.evaluate_all(names)) == {"none"}
    page.emulate_media(reduced_motion="no-preference")
    wait_until_idle(page)
    page.get_by_test_id("stMain").get_by_role("slider").first.press("ArrowRight")
    expect(page.get_by_test_id("stMain")).to_contain_text("884,736")
    expect(opening).to_have_count(0)


def test_the_start_page_fits_a_small_laptop(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    open_page(page, "/", PAGES[0].headline)
    for part in (".picture svg", ".st-key-area-controls"):
        box = page.locator(part).first.bounding_box()
        assert box and box["y"] + box["height"] <= 720, part


def test_the_keyboard_plays_a_run(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    open_page(page, "/training-process", "Training process")
    play = page.get_by_role("button", name="Play", exact=True).first
    box = play.bounding_box()
    assert box and box["y"] + box["height"] <= 720
    play.press("Enter")
    expect(page.locator(".chart-figure").first).to_contain_text("Step: 10")
    page.get_by_role("button", name="Pause", exact=True).first.press("Enter")


def test_moving_a_control_changes_the_page_and_the_link(page: Page) -> None:
    open_page(page, "/decomposition", "Decomposition")
    expect(page.get_by_test_id("stMain")).to_contain_text("2.08")
    page.get_by_test_id("stMain").get_by_role("slider").first.press("ArrowRight")
    expect(page.get_by_test_id("stMain")).to_contain_text("4.17")
    wait_until_idle(page)
    assert page.url.endswith("/decomposition?rank=16")


def test_back_undoes_a_setting_and_then_a_change_of_page(page: Page) -> None:
    open_page(page, "/decomposition", "2.08")
    main = page.get_by_test_id("stMain")
    for address in ("decomposition?rank=16", "decomposition?rank=32"):
        main.get_by_role("slider").first.press("ArrowRight")
        page.wait_for_url(f"**/{address}")
    follow_navigation(page, "Count", "Parameters")
    expect(main).to_contain_text("1,769,472")
    main.get_by_role("slider").first.press("ArrowRight")
    page.wait_for_url("**/parameters?rank=64")
    for address, shown in (
        ("parameters?rank=32", "1,769,472"),
        ("decomposition?rank=32", "8.33"),
        ("decomposition?rank=16", "4.17"),
    ):
        page.go_back()
        expect(main).to_contain_text(shown)
        wait_until_idle(page)
        assert page.url.endswith(address)


def test_a_page_opened_in_a_new_tab_has_the_settings(page: Page) -> None:
    open_page(page, "/decomposition?rank=16&lang=ko", "4.17")
    page.get_by_test_id("stTopNavSection").filter(has_text="계산").click()
    link = page.get_by_test_id("stTopNavPopover").get_by_role(
        "menuitem", name="파라미터", exact=True
    )
    with page.context.expect_page() as opened:
        link.click(button="middle")
    expect(opened.value.get_by_test_id("stMain")).to_contain_text("r = 16")
    expect(opened.value.get_by_role("heading", name="파라미터").first).to_be_visible()


def test_a_link_restores_the_screen(page: Page) -> None:
    open_page(page, "/parameters?rank=16&targets=c_attn%2Cc_proj", "1,622,016")
    assert_no_exception(page)


def test_a_wrong_link_shows_one_message_and_the_app_goes_on(page: Page) -> None:
    open_page(page, "/parameters?rank=70000", "Rank r cannot be “70000”")
    expect(page.get_by_test_id("stMain")).to_contain_text("442,368")


def test_the_language_is_switched_in_the_sidebar(page: Page) -> None:
    open_page(page, "/decomposition", "Decomposition")
    page.get_by_test_id("stSidebar").get_by_role("radio", name="한국어").click()
    expect(page.get_by_role("heading", name="행렬 분해").first).to_be_visible()
    expect(page).to_have_title("행렬 분해 · LoRA Viz")
    wait_until_idle(page)
    assert "lang=ko" in page.url


def test_a_chart_can_be_saved(page: Page) -> None:
    open_page(page, "/decomposition", "Decomposition")
    for file_format, beginning in {"PNG": b"\x89PNG", "SVG": b"<svg"}.items():
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Save picture as {file_format}").first.click()
        content = download.value.path().read_bytes()
        assert content.startswith(beginning)
        assert len(content) > 3_000
