"""A report as one HTML file with figures that move, which asks no network for anything."""

from __future__ import annotations

from html import escape
from typing import Any

import plotly.graph_objects as go
from plotly.io import to_json

from lora_viz.figures.kit.colours import INK
from lora_viz.figures.kit.literal import visible
from lora_viz.i18n import _
from lora_viz.report.facts import Chapter, Report, Section, Table
from lora_viz.report.page_script import asset, fonts, plotly_as_it_is, plotly_packed

# no request to anywhere, whatever a name in the report would make of it
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'"
)
BREAKS_JSON = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}


def html_file(report: Report, *, is_packed: bool = True) -> str:
    """The file's text.

    Args:
        is_packed: whether Plotly is packed in it, which makes it short; a program that prints the
            page does not wait until that is unpacked.
    """
    plotly = plotly_packed() if is_packed else plotly_as_it_is()
    chapters = "".join(
        _chapter(chapter, number) for number, chapter in enumerate(report.chapters, 1)
    )
    return (
        f'<!doctype html>\n<html lang="{report.language}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_text(report.title)}</title><style>{fonts()}\n{asset('report.css')}</style></head>"
        f'<body><header><h1>{_text(report.title)}</h1><p class="quiet">'
        f"{_text(_('Made on %s.') % report.made)}</p>{_contents(report)}</header>"
        f"<main>{chapters}</main>{plotly}"
        f"<script>{asset('print.js')}</script><script>{asset('draw.js')}</script></body></html>\n"
    )


def _contents(report: Report) -> str:
    """The chapters by name, where there are several."""
    if len(report.chapters) < 2:
        return ""
    lines = "".join(
        f'<li><a href="#chapter-{number}">{_text(chapter.line)}</a></li>'
        for number, chapter in enumerate(report.chapters, 1)
    )
    return f"<ol>{lines}</ol>"


def _chapter(chapter: Chapter, number: int) -> str:
    missing = "".join(f'<p class="missing">{_text(one)}</p>' for one in chapter.missing)
    settings = (
        f"<section><h3>{_text(_('Settings'))}</h3>{_table(chapter.settings)}</section>"
        if chapter.settings.rows
        else ""
    )
    sections = "".join(map(_section, chapter.sections))
    return (
        f'<article class="chapter" id="chapter-{number}"><h2>{_text(chapter.line)}</h2>'
        f"{_link(chapter)}{missing}{sections}{settings}</article>"
    )


def _link(chapter: Chapter) -> str:
    """The link that restores everything; an address that is none of the web's is not one."""
    if not chapter.link.startswith(("http://", "https://")):
        return ""
    address = escape(chapter.link)
    words = _text(_("This link opens it in LoRA Viz:"))
    return f'<p class="quiet">{words} <a rel="noreferrer" href="{address}">{address}</a></p>'


def _section(section: Section) -> str:
    figure = on_paper(section.figure)
    data = (to_json(figure, validate=False) or "").translate(str.maketrans(BREAKS_JSON))
    sources = "".join(f"<li>{_text(source)}</li>" for source in section.sources)
    instead = _text(_("This browser cannot draw the figure; its numbers are in the table."))
    return (
        f'<section><div class="whole"><h3>{_text(section.title)}</h3>'
        f'<div class="number">{_text(section.number)}</div>'
        f'<p class="meaning">{_text(section.meaning)}</p>'
        f'<div class="figure" data-name="{escape(section.name)}" '
        f'style="height:{figure.layout.height or 450}px">'
        f'<script type="application/json">{data}</script><p class="instead" hidden>{instead}</p>'
        f"</div></div>{_table(section.table)}<ul>{sources}</ul></section>"
    )


def on_paper(figure: go.Figure) -> go.Figure:
    """The figure in dark ink on the page's own ground."""
    figure.layout.font.color = INK["light"]
    figure.layout.paper_bgcolor = "rgba(0,0,0,0)"
    return figure


def _table(table: Table) -> str:
    def row(cells: tuple[str, ...], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{_text(cell)}</{tag}>" for cell in cells) + "</tr>"

    body = "".join(row(cells, "td") for cells in table.rows)
    head = row(table.titles, "th")
    return f'<div class="wide"><table><thead>{head}</thead><tbody>{body}</tbody></table></div>'


def _text(words: Any) -> str:
    return escape(visible(words))
