"""Charts in a browser: changed in place, and following a hand on the rank's slider."""

from __future__ import annotations

import json
from time import sleep
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, WebSocketRoute, expect

from harness.browser import new_context, open_page, wait_until_idle
from harness.server import AppServer
from lora_viz.figures.kit.colours import GROUND, as_browsers_write
from lora_viz.ui.serving.later import FOLDER

COST = 1  # the second chart of the page "Rank": its axes do not depend on the rank
# From now on look at a chart at every frame: is anything in it, and what does it show?
WATCH = """(number) => {
  const chart = document.querySelectorAll(".chart-figure")[number];
  window.seen = { chart, blank: 0, states: new Set() };
  const look = () => {
    seen.blank += !document.contains(chart) || !chart.querySelector(".main-svg .trace path");
    seen.states.add(JSON.stringify(chart.shown));
    requestAnimationFrame(look);
  };
  look();
}"""
CHARTS = "[...document.querySelectorAll('.chart-figure')]"
SHOWN = f"{CHARTS}.map((one) => JSON.stringify(one.shown))"
IS_ANSWERED = """[...document.querySelectorAll('.chart-figure')]
  .every((one) => one.given.byRank.rank === "16" && !one.easing)"""
IS_LEARNT = "[...document.querySelectorAll('.chart-figure')].every((one) => one.byRank)"
IS_STILL = """[...document.querySelectorAll('.chart-figure')]
  .every((one) => one.shown && !one.easing)"""
ANSWERED = SHOWN.replace("shown", "goal")


def assert_alike(one: Any, other: Any) -> None:
    """The same plain data, numbers up to their last digits."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        one, other = list(one.values()), [other[key] for key in one]
    if isinstance(one, list):
        assert len(one) == len(other)
        for pair in zip(one, other, strict=True):
            assert_alike(*pair)
    else:
        assert one == (pytest.approx(other) if isinstance(other, float) else other)


@pytest.mark.parametrize(("motion", "states"), [("no-preference", range(3, 99)), ("reduce", [2])])
def test_a_chart_is_changed_in_place_and_stays_zoomed(
    motion: str, states: list[int], page: Page
) -> None:
    page.emulate_media(reduced_motion="reduce" if motion == "reduce" else "no-preference")
    open_page(page, "/rank?rank-range=break-even", "Rank")
    area = page.locator(".chart-figure").nth(COST).locator(".nsewdrag")
    box = area.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.7, steps=3)
    page.mouse.up()
    page.evaluate(WATCH, COST)
    zoom = page.evaluate("seen.chart._fullLayout.xaxis.range")
    assert 0 < zoom[0] < zoom[1]
    page.get_by_test_id("stMain").get_by_role("spinbutton").first.press("ArrowUp")
    page.wait_for_function("seen.chart.given.byRank.rank === '9' && !seen.chart.easing")
    wait_until_idle(page)
    assert page.evaluate("seen.chart._fullLayout.xaxis.range") == zoom
    assert page.evaluate("seen.blank") == 0
    assert page.evaluate("seen.states.size") in states


def test_a_chart_follows_a_theme_that_changes_while_it_is_looked_at(page: Page) -> None:
    open_page(page, "/decomposition", "Decomposition")
    chart = page.locator(".chart-figure").first
    schemes: tuple[Literal["dark", "light"], ...] = ("dark", "light")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        expect(chart.locator(".main-svg").first).to_have_css(
            "background-color", as_browsers_write(GROUND[scheme])
        )


def test_a_page_asks_for_other_ranks_when_a_hand_comes_near_the_slider(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_page(page, "/full-or-lora", "Full")
    page.wait_for_function(IS_STILL)
    page.mouse.move(700, 20)
    assert not [address for address in asked if FOLDER in address]
    page.locator(".st-key-page-rank").hover()
    page.wait_for_function(IS_LEARNT)
    page.mouse.move(700, 20)
    page.locator(".st-key-page-rank").hover()
    later = [address for address in asked if FOLDER in address]
    assert len(later) == len({*later}) == page.locator(".chart-figure").count()


def hold_slider(page: Page) -> Locator:
    """Open a page whose charts know the other ranks, and take hold of its slider."""
    open_page(page, "/full-or-lora", "Full")
    page.wait_for_function(IS_STILL)
    slider = page.get_by_test_id("stMain").get_by_role("slider").first
    slider.focus()
    page.wait_for_function(IS_LEARNT)
    return slider


def test_charts_come_back_with_the_slider_before_the_server_has_heard_of_it(page: Page) -> None:
    slider = hold_slider(page)
    before = page.evaluate(SHOWN)
    slider.press("ArrowRight")
    page.wait_for_function(f"(before) => {SHOWN}[0] !== before[0]", arg=before)
    slider.press("ArrowLeft")
    page.wait_for_function(f"(before) => {SHOWN}.every((one, n) => one === before[n])", arg=before)


def test_charts_leave_the_slider_s_rank_for_one_that_is_typed(page: Page) -> None:
    hold_slider(page).press("ArrowRight")
    page.wait_for_url("**rank=16")
    box = page.get_by_test_id("stMain").get_by_role("spinbutton").first
    box.fill("20")
    box.press("Enter")
    page.wait_for_url("**rank=20")
    page.wait_for_function(IS_ANSWERED.replace("16", "20"))
    wait_until_idle(page)
    for drawn, answered in zip(page.evaluate(SHOWN), page.evaluate(ANSWERED), strict=True):
        assert_alike(json.loads(drawn), json.loads(answered))


def test_charts_follow_the_rank_before_the_server_answers(page: Page) -> None:
    kept_back: list[str | bytes] = []
    sockets: list[WebSocketRoute] = []
    is_held = False

    def pass_on() -> None:
        while kept_back and not is_held:
            sockets[-1].send(kept_back.pop(0))

    def connect(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        server = socket.connect_to_server()
        socket.on_message(server.send)
        server.on_message(lambda message: (kept_back.append(message), pass_on()))

    page.route_web_socket("**/_stcore/stream", connect)
    open_page(page, "/full-or-lora", "Full")
    page.wait_for_function(IS_STILL)
    before = page.evaluate(SHOWN)
    is_held = True
    page.get_by_test_id("stMain").get_by_role("slider").first.press("ArrowRight")
    page.wait_for_function(f"(before) => {SHOWN}.every((one, n) => one !== before[n])", arg=before)
    by_hand = page.evaluate(SHOWN)
    is_held = False
    pass_on()
    page.wait_for_url("**rank=16")
    page.wait_for_function(IS_ANSWERED)
    wait_until_idle(page)
    assert page.evaluate(SHOWN) == by_hand
    for drawn, answered in zip(by_hand, page.evaluate(ANSWERED), strict=True):
        assert_alike(json.loads(drawn), json.loads(answered))


def test_the_slider_of_a_moving_figure_takes_arrow_keys(page: Page) -> None:
    open_page(page, "/training-process", "Training process")
    slider = page.locator(".chart-figure").get_by_role("slider", name="Step")
    for key, says in (("Home", "0"), ("ArrowRight", "10"), ("End", "150"), ("ArrowLeft", "140")):
        slider.press(key)
        expect(slider).to_have_attribute("aria-valuetext", says)
        expect(page.locator(".slider-label").first).to_have_text(f"Step: {says}")
    page.set_viewport_size({"width": 390, "height": 844})
    open_page(page, "/trust", "How far to trust this")
    lines = page.locator(".table-lines")
    assert lines.evaluate("table => table.scrollWidth <= table.clientWidth")
    expect(lines.locator("tr").nth(1)).to_contain_text("transformers")
    expect(page.get_by_test_id("stDataFrame")).not_to_be_visible()


def test_what_lies_under_the_hand_is_what_plotly_draws_when_it_rests(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    slider = hold_slider(page)
    page.wait_for_function(f"{CHARTS}.every((one) => one.beforehand?.pictures.has('16'))")
    page.evaluate(f"{CHARTS}.forEach((one) => {{ one.kept = one.beforehand.pictures.get('16') }})")
    slider.press("ArrowRight")
    page.wait_for_url("**rank=16")
    page.wait_for_function(IS_ANSWERED)
    page.wait_for_function(f"{CHARTS}.every((one) => !one.laidOver)")
    wait_until_idle(page)
    charts = page.locator(".chart-figure").all()
    by_plotly = [one.screenshot() for one in charts]
    page.evaluate(f"{CHARTS}.forEach((one) => one.parentElement.append(one.kept))")
    assert page.locator(".chart-place > .chart-beforehand").count() == len(charts)
    assert [one.screenshot() for one in charts] == by_plotly


WORDS_OFF_THEIR_BARS = """bars => bars.filter((bar) => {
    const [path, words] = ["path", "text"].map((part) => bar.querySelector(part));
    if (!words) return false;
    const [drawn, written] = [path, words].map((part) => part.getBoundingClientRect());
    const inside = written.left >= drawn.left - 1 && written.right <= drawn.right + 1;
    return !inside && written.left < drawn.right;
}).map((bar) => bar.textContent)"""


def test_words_stand_at_their_bars_where_the_fonts_come_late(
    browser: Browser, server: AppServer
) -> None:
    with new_context(browser, server.url) as context:
        page = context.new_page()
        context.route("**/*.woff2", _late)
        open_page(page, "/summary", "Summary")
        page.evaluate("document.fonts.ready")
        bars = page.locator(".chart-figure .bars .point")
        assert bars.count() == 6
        assert bars.evaluate_all(WORDS_OFF_THEIR_BARS) == []


def _late(route: Route) -> None:
    sleep(0.5)
    route.continue_()
