"""No page reads anything in text from outside: one reader meets hostile names in every place."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.hostile import EVERYTHING, PIECES

from .browser import (
    THIS_MACHINE,
    assert_no_exception,
    new_context,
    open_page,
    requested_hosts,
    wait_until_idle,
)
from .hostile_runs import FAILED, FULL, LORA, MODEL, SWEEP, make_hostile_runs
from .server import AppServer, running_server

WRONG = "Something went wrong while this page was drawn"
# What a page may have of its own, but not with these words, addresses and icons.
MADE_OF_IT = """
app => [
  ...[...app.querySelectorAll("a")].map(a => a.getAttribute("href") ?? a.getAttribute("xlink:href"))
    .filter(address => /example|mailto/.test(address ?? "")),
  ...[...app.querySelectorAll("img")].filter(img => /example/.test(img.src) ||
    /Streamlit/.test(img.alt)).map(img => img.outerHTML),
  ...[...app.querySelectorAll(".katex, h1, h2, h3, h4, del, table:not([role=grid]), sup, script")]
    .filter(made => /Z[A-Za-z]\\b|alert/.test(made.textContent)).map(made => made.outerHTML),
  ...[...app.querySelectorAll("[role=img]")].map(icon => icon.getAttribute("aria-label"))
    .filter(words => /^home/.test(words ?? "")),
  ...[...app.querySelectorAll("[data-testid=stIconMaterial]")].map(icon => icon.textContent)
    .filter(words => words == "home"),
]
"""
# all words but those in blocks of code, among them the address, whose every mark has another form
WORDS = """
app => {
  const copy = app.cloneNode(true);
  copy.querySelectorAll("[data-testid=stCode], style, script").forEach(code => code.remove());
  return copy.textContent.replaceAll("\\u200b", "");
}
"""


@pytest.fixture(scope="module")
def hostile_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """The application with runs that hold hostile text."""
    models = Path(tempfile.mkdtemp(dir="/tmp"))  # a short name, which leaves room for the rest
    folder = tmp_path_factory.mktemp("hostile")
    make_hostile_runs(folder / "runs", models)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LORA_VIZ_RUNS", str(folder / "runs"))
        with running_server(folder / "server.log") as server:
            yield server
    shutil.rmtree(models)


def made_of_it(page: Page, where: str) -> list[str]:
    """What a page has made of hostile text, after the place that it was seen in."""
    wait_until_idle(page)
    assert_no_exception(page)
    app = page.get_by_test_id("stApp")
    words = app.evaluate(WORDS)
    found = [*app.evaluate(MADE_OF_IT), *(set("😄👍©\u202e\u2066\x1b\x07") & set(words))]
    found += [WRONG] * words.count(WRONG)
    found += [one for piece in (*PIECES, "# ZE|") for one in _not_as_written(words, piece)]
    return [f"{where}: {one}" for one in found]


def _not_as_written(words: str, piece: str) -> Iterator[str]:
    """Where a piece's own word is shown without the rest of it, unless that is cut off."""
    token = re.findall("Z[A-Za-z]", piece)[0]
    before, after = piece.split(token, 1)
    is_in_model = f"{before}{token}" in MODEL
    for found in re.finditer(rf"{token}\b", words):
        right = words[found.end() : found.end() + len(after)]
        is_whole = right == after or "…" in right or is_in_model
        if not (words[: found.start()].endswith(before) and is_whole):
            yield f"{piece} became {words[max(0, found.start() - 40) : found.end() + 40]!r}"


def test_text_from_outside_stays_text_on_every_page(
    browser: Browser, hostile_server: AppServer
) -> None:
    with new_context(browser, hostile_server.url) as context:
        hosts = requested_hosts(context)
        page = context.new_page()
        asked: list[str] = []
        page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
        page.on("pageerror", lambda error: asked.append(str(error)))

        open_page(page, f"/compare-runs?runs={LORA},{FULL},{FAILED}", "Compare runs")
        problems = made_of_it(page, "compare runs")
        page.get_by_role("button", name="Run again with a change").first.click()
        expect(page.get_by_role("heading", name="Training lab")).to_be_visible()
        problems += made_of_it(page, "lab")
        problems += _walk(page)
        problems += _follow_links(page)
        assert problems + asked == []
    assert hosts <= THIS_MACHINE


def _walk(page: Page) -> Iterator[str]:
    """Every page with the hostile scenario, by the sidebar."""
    links = page.get_by_test_id("stSidebarNav").get_by_role("link")
    for number in range(links.count()):
        title, before = links.nth(number).inner_text(), page.locator("h1").inner_text()
        links.nth(number).click()
        expect(page.locator("h1")).not_to_have_text(before)
        yield from made_of_it(page, title)


def _follow_links(page: Page) -> Iterator[str]:
    """Pages whose link names what is not there, with a model that cannot be read."""
    unknown = {"model": EVERYTHING, "rank": EVERYTHING, "targets": EVERYTHING}
    for path, query in {
        "full-or-lora": {"layer": EVERYTHING},
        "layer-map": {"block": EVERYTHING},
        "training-process": {"told-run": EVERYTHING},
        "training-process?": {"told-run": LORA},
        "training-lab": {"run": EVERYTHING},
        "training-lab?": {"run": FAILED},
        "training-lab?train-task=own": unknown,
        "compare-runs": {"runs": EVERYTHING, "curve": EVERYTHING},
        "rank": {"sweep": EVERYTHING},
        "rank?": {"sweep": SWEEP},
        "decomposition?decomposition=rebuild&update-source=trained": {},
        "compare": {"compared": EVERYTHING},
        "planner?planned-methods=lora&model=gpt2": {"planned-models": EVERYTHING},
        "parameters": unknown,
    }.items():
        page.goto(f"/{path}{'&' if '?' in path else '?'}{urlencode(query)}")
        expect(page.get_by_test_id("stMain")).to_contain_text(re.compile(r"\w"))
        yield from made_of_it(page, path)
