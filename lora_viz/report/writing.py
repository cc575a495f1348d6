"""The kind of file that a name asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lora_viz.errors import UserError
from lora_viz.i18n import N_
from lora_viz.report.facts import Report


def _html(report: Report) -> bytes:
    from lora_viz.report.html import html_file

    return html_file(report).encode("utf-8")


def _pptx(report: Report) -> bytes:
    from lora_viz.report.powerpoint import pptx_file  # takes a while to import

    return pptx_file(report)


def _pdf(report: Report) -> bytes:
    from lora_viz.report.pdf import pdf_file

    return pdf_file(report)


# by the end of a file's name
FORMATS: dict[str, Callable[[Report], bytes]] = {".html": _html, ".pptx": _pptx, ".pdf": _pdf}


def format_of(name: str) -> Callable[[Report], bytes]:
    """What makes a file of this name. Raises `UserError` for a name that says no kind of file."""
    try:
        return FORMATS[Path(name).suffix.lower()]
    except KeyError:
        raise UserError(
            N_("“%s” names no kind of report; it should end in .html, .pptx or .pdf."), name[:80]
        ) from None
