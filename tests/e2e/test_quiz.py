"""The questions at a page's end in a real browser, where only their own part is drawn again."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from harness.browser import assert_no_exception, open_page


def test_a_guess_by_keyboard_is_drawn_beside_the_truth(page: Page) -> None:
    open_page(page, "/", "LoRA, made visible")
    page.get_by_text("Predict, then look").click()
    box = (
        page.get_by_test_id("stMain")
        .get_by_test_id("stExpander")
        .filter(has_text="Predict, then look")
    )
    expect(box).to_contain_text("Your guess: 62,219,904")
    box.get_by_role("slider").press("ArrowLeft")
    expect(box).to_contain_text("Your guess: 61,597,705")
    expect(box).not_to_contain_text("The truth:")
    box.get_by_role("button", name="Look").last.click()
    expect(box).to_contain_text("The truth: 3,538,944")
    expect(box).to_contain_text("Off by 46.7")
    with page.expect_download() as download:
        box.get_by_role("button", name="Save your answers as JSON").click()
    assert '"right_answer": "3,538,944"' in download.value.path().read_text("utf-8")
    assert_no_exception(page)
