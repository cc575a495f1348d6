"""A table as HTML beside Streamlit's own: a card for each row on a phone, all rows on paper."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, Any

import streamlit as st

from lora_viz.format import grouped

if TYPE_CHECKING:  # takes most of a second, which the first page does not wait for
    import pandas as pd

DECIMALS = 4  # that Streamlit shows of a number without a format
STYLE = """<style>
.table-lines table { width: 100%; border-collapse: collapse; font-size: 0.875rem; margin: 0; }
.table-lines th, .table-lines td {
  text-align: start; vertical-align: top; padding: 0.3rem 0.5rem; overflow-wrap: break-word;
  border: 0 solid color-mix(in srgb, currentColor 25%, transparent); border-bottom-width: 1px;
}
.table-lines tr.marked {
  background: color-mix(in srgb, orange 20%, transparent); font-weight: 600;
}
@media screen and (min-width: 641px) {
  [data-testid="stElementContainer"]:has(> .stHtml .table-lines) { display: none; }
}
@media print, (max-width: 640px) {
  [class*="st-key-table-"] [data-testid="stElementContainer"]:has([data-testid="stDataFrame"]) {
    display: none !important;
  }
}
@media print { .table-lines table { font-size: 0.65rem; } }
@media screen and (max-width: 640px) {
  .table-lines { max-height: 75vh; overflow-y: auto; }
  .table-lines td:first-child { font-weight: 600; }
  .table-lines table, .table-lines tbody, .table-lines tr { display: block; }
  .table-lines thead { display: none; }
  .table-lines tr {
    border: 1px solid color-mix(in srgb, currentColor 25%, transparent); border-radius: 0.6rem;
    padding: 0.4rem 0.6rem; margin-bottom: 0.5rem;
  }
  .table-lines td {
    display: grid; grid-template-columns: minmax(6rem, 2fr) 3fr; gap: 0.6rem;
    border: 0; padding: 0.15rem 0; overflow-wrap: anywhere;
  }
  .table-lines td::before { content: attr(data-title); opacity: 0.78; font-weight: 400; }
  .table-lines td:empty { display: none; }
}
</style>"""


@contextmanager
def with_lines(
    frame: pd.DataFrame,
    name: str,
    column_config: dict[str, Any] | None = None,
    is_marked: Callable[[int], bool] = lambda _row: False,
) -> Iterator[None]:
    """Where Streamlit's own table is drawn, with the same rows as HTML.

    The page's style shows the one or the other, so that a change of width asks nothing.

    Args:
        frame: its words are shown as they are.
        name: unlike those of the page's other tables.
        column_config: what Streamlit calls so, by the title of a column; formats are taken from it.
        is_marked: whether a row, counted from 0, stands out.
    """
    formats = {title: _format(config) for title, config in (column_config or {}).items()}
    with st.container(key=f"table-{name}"):
        yield
        marked = {row for row in range(len(frame)) if is_marked(row)}
        st.html(STYLE + _html(frame, formats, marked))


def _html(frame: pd.DataFrame, formats: dict[str, str | None], marked: Collection[int]) -> str:
    titles = [str(title) for title in frame.columns]
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title in titles)
    rows = []
    for place, values in enumerate(frame.itertuples(index=False, name=None)):
        cells = "".join(
            f'<td data-title="{escape(title)}">{escape(_words(value, formats.get(title)))}</td>'
            for title, value in zip(titles, values, strict=True)
        )
        look = ' class="marked"' if place in marked else ""
        rows.append(f"<tr{look}>{cells}</tr>")
    return (
        f'<div class="table-lines" tabindex="0"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _format(config: Any) -> str | None:
    return ((config or {}).get("type_config") or {}).get("format")


def _words(value: Any, form: str | None) -> str:
    """A cell as Streamlit shows it."""
    if value is None or value != value:  # what is not there, in a column of numbers
        return ""
    if isinstance(value, str):
        return value
    if form and form.startswith("%"):
        return form % value
    if isinstance(value, int) or float(value).is_integer():
        return grouped(int(value))
    return f"{value:,.{DECIMALS}f}".rstrip("0").rstrip(".")
