"""What a reader takes home, in a real browser: a report without a network, a figure, paper."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from harness.browser import open_page
from tests.e2e.conftest import TIMEOUT_MS

SMALL = "model=tiny-gpt2&batch-size=1&seq-len=16"


def test_a_report_is_whole_without_a_network(browser: Browser, page: Page, tmp_path: Path) -> None:
    open_page(page, f"/memory?{SMALL}", "What a step needs")
    number = page.locator(".key-number").first.inner_text()
    with page.expect_download(timeout=TIMEOUT_MS) as picture:
        page.get_by_role("button", name="Save picture as SVG").first.click()
    svg = picture.value.path().read_text()
    assert "@font-face" in svg and ">Memory<" in svg and "1 × 16 · RTX 3070" in svg
    page.get_by_test_id("stSidebar").get_by_text("Take home").click()
    page.get_by_role("button", name="HTML", exact=True).click()
    save = page.get_by_role("button", name="Save lora-viz-report.html")
    with page.expect_download(timeout=TIMEOUT_MS) as report:
        save.click()
    file = tmp_path / "report.html"
    report.value.save_as(file)
    page.emulate_media(media="print")
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()

    context = browser.new_context(offline=True)
    asked: list[str] = []
    alone = context.new_page()
    alone.on("request", lambda request: asked.append(request.url))
    alone.goto(file.as_uri())
    figures = alone.locator(".figure")
    drawn = figures.filter(has=alone.locator(".main-svg"))
    expect(drawn).to_have_count(figures.count())
    assert asked == [file.as_uri()] and figures.count() == 6
    numbers = alone.locator("section .number").all_inner_texts()
    assert number in numbers
    alone.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    alone.set_viewport_size({"width": 500, "height": 700})
    for chart in alone.locator(".figure .svg-container").all():
        box = chart.bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= 500
    context.close()


def test_a_file_for_a_trainer_is_shown_and_saved_as_it_is(page: Page) -> None:
    open_page(page, f"/parameters?{SMALL}&rank=4&lang=ko", "파라미터")
    sidebar = page.get_by_test_id("stSidebar")
    sidebar.get_by_text("가져가기", exact=True).click()
    sidebar.get_by_role("button", name="설정 가져가기").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox").click()
    page.get_by_role("option", name="PEFT + Trainer").click()
    expect(dialog.get_by_text("완전한 스크립트")).to_be_visible(timeout=TIMEOUT_MS)
    shown = dialog.get_by_test_id("stCode")
    expect(shown).to_contain_text("\n    r=4,", timeout=TIMEOUT_MS)
    with page.expect_download(timeout=TIMEOUT_MS) as saved:
        dialog.get_by_role("button", name="저장").click()
    assert saved.value.suggested_filename == "train.py"
    text = saved.value.path().read_text(encoding="utf-8")
    compile(text, "train.py", "exec")
    assert text.split() == shown.inner_text().split()


def test_every_tab_is_printed_under_its_name(page: Page, tmp_path: Path) -> None:
    open_page(page, f"/rank?{SMALL}", "Rank")
    page.evaluate(KEEP_WHAT_IS_PRINTED)
    page.pdf(path=tmp_path / "rank.pdf")
    parts = page.evaluate("printed")
    assert [name for name, _words in parts] == ["Formula", "Table", "Why it matters", "Sources"]
    assert "Whole model" in parts[1][1] and "arXiv" in parts[3][1]
    expect(page.locator(".printed-tabs")).to_have_count(0)
    expect(page.get_by_role("tab", selected=True)).to_have_text("Formula")


KEEP_WHAT_IS_PRINTED = """() => window.addEventListener("beforeprint", () => {
  window.printed = [...document.querySelectorAll(".printed-tabs h3")]
    .map((name) => [name.textContent, name.nextSibling.textContent]);
})"""
