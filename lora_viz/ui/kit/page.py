"""What a page says, in the order in which it stands: headline, picture, the one number, tabs.

A page is one script in `pages/` and one entry in `lora_viz.ui.page_list`, by whose name it asks for
its headline. Between headline and tabs it fills `areas()`, in whatever order it knows what to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lora_viz.choices.optimizers import OPTIMIZERS
from lora_viz.i18n import Message, _
from lora_viz.ui import page_list
from lora_viz.ui.kit.literal import as_csv, as_frame, as_markdown
from lora_viz.ui.kit.messages import show_warning
from lora_viz.ui.kit.target_warnings import warn_of_unmatched_targets
from lora_viz.ui.session import state
from lora_viz.ui.tables.lines import with_lines

if TYPE_CHECKING:  # takes most of a second, which the first page does not wait for
    import pandas as pd

LINE_PIXELS, CELL_PADDING = 19, 16  # of a table with several lines a row, as Streamlit draws it


@dataclass(frozen=True)
class Areas:
    """Where a page says what, from top to bottom; the picture has two thirds of the width.

    On a phone what stands beside the picture follows it. What is not filled takes no room, except
    for the frames of picture and controls.

    Attributes:
        head: for a headline that is known only after what stands below it.
        picture: framed; charts, and what must be said to read them.
        number: the one number that matters.
        controls: framed; what changes the picture.
        side: what else stands beside the picture.
        below: what would make the side longer than the picture, which leaves an empty room.
    """

    head: DeltaGenerator
    picture: DeltaGenerator
    number: DeltaGenerator
    controls: DeltaGenerator
    side: DeltaGenerator
    below: DeltaGenerator


def headline(
    name: str, sentence: str, kicker: str, *, is_about_adapter: bool | None = None
) -> None:
    """The page's headline with the scenario above it and one sentence on what to see below.

    Where the page's numbers are of the scenario's adapter, targets that match nothing follow.

    Args:
        name: of the page's entry, which has the headline.
        sentence: Markdown.
        kicker: plain text.
        is_about_adapter: whether they are, where the entry alone does not decide.
    """
    entry = page_list.page(name)
    st.caption(as_markdown(kicker))
    st.title(_(entry.headline), anchor=False)
    st.markdown(sentence)
    if entry.is_about_model if is_about_adapter is None else is_about_adapter:
        warn_of_unmatched_targets(state.scenario())


def section(title: str) -> None:
    """A heading for what stands below the picture; the next level after the page's own."""
    st.header(title, anchor=False)


def areas(part: str = "") -> Areas:
    """The areas of a page; `part` names those of a page's parts after the first.

    A guided tour finds them by their keys.
    """
    head = st.container()
    picture, beside = st.columns([2, 1], gap="medium")
    return Areas(
        head,
        picture.container(border=True, key=f"area-picture{part}"),
        beside.container(),
        beside.container(border=True, key=f"area-controls{part}"),
        beside.container(key=f"area-side{part}"),
        st.container(),
    )


def key_number(number: str, meaning: str, part: str = "") -> None:
    """The one number that matters, large, with what it is the number of.

    Both are HTML: what comes from outside is given as `literal.as_html` makes it. A page of several
    parts has one for each; `part` names those after the first.
    """
    with st.container(border=True, key=f"key-number-{part}" if part else "key-number"):
        st.markdown(
            f'<div class="key-number">{number}</div><div class="key-meaning">{meaning}</div>',
            unsafe_allow_html=True,
        )


def tabs(
    *,
    formula: Callable[[], None],
    table: Callable[[], None],
    why: Callable[[], None],
    sources: Callable[[], None],
) -> None:
    """The four tabs below every picture; each argument draws the inside of one."""
    names = (_("Formula"), _("Table"), _("Why it matters"), _("Sources"))
    for tab, draw in zip(st.tabs(names), (formula, table, why, sources), strict=True):
        with tab:
            draw()


def table(
    rows: list[dict[str, Any]], name: str, lines: int | None = None, /, **column_config: Any
) -> None:
    """A table, which phones and paper show as lines, and a button that saves it as CSV.

    Args:
        rows: each with a value by the title of its column.
        name: of the file.
        lines: how many lines of text a row shows, three or more for Streamlit to break any; one, if
            not said.
        column_config: what Streamlit calls so, by the title of a column.
    """
    frame = as_frame(rows)
    height = None if lines is None else LINE_PIXELS * lines + CELL_PADDING
    with with_lines(frame, name, column_config):
        st.dataframe(frame, hide_index=True, row_height=height, column_config=column_config or None)
    csv_button(frame, name)


def csv_button(frame: pd.DataFrame, name: str) -> None:
    """A button that saves a table as CSV under this name."""
    st.download_button(
        _("Save as CSV"),
        data=lambda: as_csv(frame),
        file_name=f"lora-viz-{name}.csv",
        mime="text/csv",
        on_click="ignore",
        key=f"csv:{name}",
    )


def note_on_other_states() -> None:
    """For pages that count AdamW's moments in the dtype of the weights, whatever is chosen."""
    optimizer = OPTIMIZERS[state.scenario().optimizer]
    if not optimizer.state_is_torchs:
        st.caption(
            _(
                "This page shows AdamW's moments in the dtype of the weights. The state of "
                "%(optimizer)s has another form, and is on the Memory page."
            )
            % {"optimizer": as_markdown(optimizer.label)}
        )


def show_complaints(sentences: Iterable[str | Message]) -> None:
    """One message for each value that was not accepted."""
    for sentence in sentences:
        show_warning(sentence)
