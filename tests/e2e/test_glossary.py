"""Terms explain themselves to keyboard, pointer and tap, whatever Streamlit draws again."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from harness.browser import follow_navigation, open_page
from lora_viz.glossary.terms import TERMS

MOST_TAB_STOPS = 60
RANK, FROZEN = (next(term for term in TERMS if term.key == key) for key in ("rank", "frozen"))


def test_a_term_explains_itself_however_it_is_reached(page: Page) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    open_page(page, "/", "LoRA, made visible")
    frozen = page.locator(".explained[data-term=frozen]")
    shown = page.get_by_role("tooltip").filter(visible=True)
    expect(frozen).to_have_accessible_name("frozen")
    expect(frozen).to_have_accessible_description(re.compile(re.escape(FROZEN.meaning)))

    for _stop in range(MOST_TAB_STOPS):
        page.keyboard.press("Tab")
        if frozen.evaluate("marker => marker === document.activeElement"):
            break
    expect(shown).to_contain_text(FROZEN.meaning)
    page.keyboard.press("Escape")
    expect(shown).to_have_count(0)
    frozen.locator("i").hover()
    expect(shown).to_contain_text(FROZEN.meaning)
    page.keyboard.press("Escape")  # it may lie over the next line
    page.get_by_test_id("stMain").locator(".explained[data-term=rank] i").first.click()
    expect(shown).to_contain_text(RANK.meaning)

    main = page.get_by_test_id("stMain")
    main.get_by_role("slider").first.press("ArrowRight")
    expect(main).to_contain_text("884,736")
    page.get_by_test_id("stSidebar").get_by_role("radio", name="한국어").click()
    expect(frozen).to_have_accessible_name("동결")
    follow_navigation(page, "이해", "용어집")
    expect(main.get_by_role("heading", name="QLoRA")).to_be_visible()
    expect(page.locator(".explained")).to_have_count(0)
    assert errors == []
