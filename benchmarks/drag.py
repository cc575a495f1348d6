"""From a step of the rank's slider until its pictures change, against the server's answer.

The picture is drawn by the browser itself; the page's one number comes with the server's answer, as
pictures did before they followed the hand. Readers ask for less motion, so that nothing is eased.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Page

from benchmarks._browser import open_painted, running_browser
from benchmarks._servers import prepare_answers, stored_in
from benchmarks._tables import print_table, ratio, seconds
from harness.browser import new_context
from harness.server import running_server

PAGES = ("decomposition", "full-or-lora", "parameters", "rank", "checkpoints", "summary")
ROUNDS = 5
AIM_MS = 50
# When the key went down, and when first a chart and then the number on the page changed.
WATCH = """() => {
  const seen = window.seen = {pressed: 0, picture: 0, number: 0};
  document.addEventListener("keydown", () => { seen.pressed = performance.now(); },
    {capture: true, once: true});
  const first = (name, selector) => new MutationObserver((_changes, watcher) => {
    if (!seen.pressed) return; // what was still drawn of the step before
    seen[name] = performance.now();
    watcher.disconnect();
  }).observe(document.querySelector(selector),
    {subtree: true, childList: true, attributes: true, characterData: true});
  first("picture", ".chart-place");
  first("number", ".st-key-key-number");
}"""
IS_OVER = "() => seen.picture && seen.number"
TIMES = "() => [seen.picture - seen.pressed, seen.number - seen.pressed]"


def run() -> None:
    """Measure and print the table."""
    rows = []
    with tempfile.TemporaryDirectory() as name, running_browser() as browser:
        with (
            stored_in(prepare_answers(Path(name) / "answers")),
            running_server(Path(name) / "server.log") as server,
        ):
            for path in PAGES:
                with new_context(browser, server.url) as reader:
                    picture, number = _moved(open_painted(reader, f"/{path}"))
                rows.append((path, seconds(picture), seconds(number), ratio(picture, number)))
        chromium = browser.version
    print_table(
        f"From a step of the rank's slider to the first change (Chromium {chromium}, {2 * ROUNDS} "
        f"steps each).\nThe aim is a picture within {AIM_MS} ms.",
        ("Page", "picture", "server's answer", "× answer"),
        rows,
    )


def _moved(page: Page) -> tuple[list[float], list[float]]:
    """Seconds to the picture's and to the number's change; the first round does not count."""
    page.emulate_media(reduced_motion="reduce")
    slider = page.get_by_test_id("stMain").get_by_role("slider", name="Rank r").first
    times = []
    for key in ("ArrowRight", "ArrowLeft") * (1 + ROUNDS):
        page.evaluate(WATCH)
        slider.press(key)
        page.wait_for_function(IS_OVER)
        times.append([one / 1_000 for one in page.evaluate(TIMES)])
        page.wait_for_timeout(300)  # until the rest of the page has been drawn
    pictures, numbers = zip(*times[2:], strict=True)
    return list(pictures), list(numbers)
