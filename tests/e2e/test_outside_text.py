"""No page reads anything in text from outside: one reader meets hostile names in every place."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from harness.browser import (
    THIS_MACHINE,
    assert_no_exception,
    follow_navigation,
    new_context,
    requested_hosts,
    wait_until_idle,
)
from harness.server import AppServer, running_server
from lora_viz.ui import page_list
from tests.hostile import EVERYTHING, PIECES

from .hostile_runs import FAILED, FULL, LORA, MODEL, SWEEP, make_hostile_runs

READ_LINKS = (
    "layer_map",
    "training_process",
    "training_lab",
    "compare_runs",
    "rank",
    "compare",
    "planner",
)
WRONG = "Something went wrong while this page was drawn"
# What a page may have of its own, but not with these words, addresses and icons.
OWN_SCRIPTS = ":not([data-language], [data-formulas], [data-take-home], [data-links])"
MADE_OF_IT = """
app => [
  ...[...app.querySelectorAll("a")].map(a => a.getAttribute("href") ?? a.getAttribute("xlink:href"))
    .filter(address => /example|mailto/.test(address ?? "")),
  ...[...app.querySelectorAll("img")].filter(img => /example/.test(img.src) ||
    /Streamlit/.test(img.alt)).map(img => img.outerHTML),
  ...[...app.querySelectorAll(".katex, h1, h2, h3, h4, del, sup"),
      ...app.querySelectorAll("table:not([role=grid], .table-lines table)"),
      ...app.querySelectorAll("script${OWN_SCRIPTS}")]
    .filter(made => /Z[A-Za-z]\\b|alert/.test(made.textContent)).map(made => made.outerHTML),
  ...[...app.querySelectorAll("[role=img]")].map(icon => icon.getAttribute("aria-label"))
    .filter(words => /^home/.test(words ?? "")),
  ...[...app.querySelectorAll("[data-testid=stIconMaterial]")].map(icon => icon.textContent)
    .filter(words => words == "home"),
]
""".replace("${OWN_SCRIPTS}", OWN_SCRIPTS)
# All words but those in blocks of code, among them the address, whose every mark has another form,
# and those of tables as HTML, where paths stand as the system writes them.
WORDS = """
app => {
  const copy = app.cloneNode(true);
  const left = "[data-testid=stCode], .table-lines, style, script";
  copy.querySelectorAll(left).forEach(one => one.remove());
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

        def note(dialog: Dialog) -> None:
            asked.append(dialog.message)
            dialog.dismiss()

        page.on("dialog", note)
        page.on("pageerror", lambda error: asked.append(str(error)))
        problems = [
            *_with_hostile_runs(page),
            *_with_names_that_are_not_there(page),
            *_with_what_cannot_be_read(page),
        ]
        assert problems + asked == []
    assert hosts <= THIS_MACHINE


def _with_hostile_runs(page: Page) -> Iterator[str]:
    """Runs, then every page with the scenario of one: its model's layers can be read."""
    query = {"runs": f"{LORA},{FULL},{FAILED}", "told-run": LORA, "sweep": SWEEP, "run": FAILED}
    view = {"decomposition": "rebuild", "update-source": "trained", "planned-methods": "lora"}
    yield from _opened(page, "compare-runs", query | view)
    page.get_by_role("button", name="Run again with a change").first.click()
    expect(page.get_by_role("heading", name="Training lab")).to_be_visible()
    yield from made_of_it(page, "Run again")
    yield from _walk(page, [one.name for one in page_list.PAGES])


def _with_names_that_are_not_there(page: Page) -> Iterator[str]:
    """Pages with a link that names what there is not."""
    names = (
        "layer",
        "block",
        "told-run",
        "run",
        "runs",
        "sweep",
        "curve",
        "rank",
        "planned-models",
    )
    query = dict.fromkeys(names, EVERYTHING) | {"compared": EVERYTHING.replace("~", "")}
    view = {"model": "custom:2x64x2x300x128", "planned-methods": "lora"}
    yield from _opened(page, "full-or-lora", query | view)
    yield from _walk(page, READ_LINKS)


def _with_what_cannot_be_read(page: Page) -> Iterator[str]:
    """A model, targets and a file of data that are none."""
    query = {"model": EVERYTHING, "targets": EVERYTHING, "rank": EVERYTHING, "train-task": "own"}
    yield from _opened(page, "training-lab", query)
    name = f"{' '.join(PIECES)}.txt".replace("/", "|")
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "text/plain", "buffer": b"too short"}
    )
    expect(page.get_by_test_id("stMain")).to_contain_text("is too short")
    yield from made_of_it(page, "own data")
    yield from _walk(page, ["parameters"])


def _opened(page: Page, path: str, query: dict[str, str]) -> list[str]:
    page.goto(f"/{path}?{urlencode(query)}")
    expect(page.locator("h1, [data-testid=stAlert]").first).to_be_visible()
    return made_of_it(page, path)


def _walk(page: Page, names: Iterable[str]) -> Iterator[str]:
    """Pages by the navigation, which keeps the scenario and what is looked at."""
    main = page.get_by_test_id("stMain")
    for one in map(page_list.page, names):
        before = main.inner_text()
        follow_navigation(page, page_list.SECTIONS[one.section], one.title)
        expect(main).not_to_have_text(before)
        yield from made_of_it(page, one.title)
