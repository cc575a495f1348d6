"""Take the README's pictures of the running application: `python -m scripts.take_screenshots`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from harness.browser import CHROMIUM_FLAGS, find_chromium, new_context, open_page
from harness.server import running_server

FOLDER = Path(__file__).parents[1] / "docs"
PAGES = {"/decomposition": "Decomposition", "/audit": "Audit"}


def main() -> None:
    """Write one PNG a page into `docs/`, 1440 × 900 pixels, light."""
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_server(Path(folder) / "server.log") as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=find_chromium(playwright), args=CHROMIUM_FLAGS
        )
        for path, words in PAGES.items():
            with new_context(browser, server.url) as context:
                page = context.new_page()
                open_page(page, path, words)
                page.screenshot(path=FOLDER / f"{path.strip('/')}.png")


if __name__ == "__main__":
    main()
