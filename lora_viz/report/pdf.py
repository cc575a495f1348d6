"""A report as PDF: the HTML, printed by a Chromium that is found on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from lora_viz.errors import UserError, in_a_sentence
from lora_viz.i18n import N_
from lora_viz.report.facts import Report
from lora_viz.report.html import html_file

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-pdf-header-footer",
    "--virtual-time-budget=20000",
)
AS_ROOT = (
    "--no-sandbox",
)  # without which Chromium does not start for root; it prints our own page
SECONDS = 120


def pdf_file(report: Report) -> bytes:
    """The file's content.

    Raises:
        UserError: there is no Chromium here, or it prints nothing.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise UserError(
            N_(
                "A PDF needs Chromium or Chrome, and none is found on this machine; install one, "
                "or write .html and print it from any browser."
            )
        )
    with tempfile.TemporaryDirectory(prefix="lora_viz-report-") as folder:
        page, printed = Path(folder, "report.html"), Path(folder, "report.pdf")
        page.write_text(html_file(report, is_packed=False), encoding="utf-8")
        _print(browser, page, printed)
        return printed.read_bytes()


def _print(browser: str, page: Path, printed: Path) -> None:
    """Let the browser print a page. Raises `UserError` where no file comes of it."""
    command = (
        browser,
        *FLAGS,
        *(AS_ROOT if os.geteuid() == 0 else ()),
        f"--user-data-dir={page.parent / 'profile'}",
        f"--print-to-pdf={printed}",
        page.as_uri(),
    )
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = in_a_sentence(error)
    else:
        reason = f"exit status {done.returncode}"
    if not printed.is_file():
        raise UserError(
            N_("%(browser)s printed no PDF (%(reason)s)."), browser=browser, reason=reason
        )
