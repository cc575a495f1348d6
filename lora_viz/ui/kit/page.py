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
from lora_viz.figures.kit.colours import GROUND, INK
from lora_viz.i18n import Message, _
from lora_viz.ui import page_list
from lora_viz.ui.kit.chart_download import download_buttons
from lora_viz.ui.kit.literal import as_csv, as_frame, as_markdown
from lora_viz.ui.kit.messages import show_warning
from lora_viz.ui.kit.target_warnings import warn_of_unmatched_targets
from lora_viz.ui.session import state

if TYPE_CHECKING:  # the first page draws without Plotly, whose import takes a while
    import plotly.graph_objects as go

# text and ground of the two themes in .streamlit/config.toml, so that saved pictures have them too


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
    """

    head: DeltaGenerator
    picture: DeltaGenerator
    number: DeltaGenerator
    controls: DeltaGenerator
    side: DeltaGenerator


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


def areas() -> Areas:
    """The areas of a page, or of one part of it."""
    head = st.container()
    picture, beside = st.columns([2, 1], gap="medium")
    return Areas(
        head,
        picture.container(border=True),
        beside.container(),
        beside.container(border=True),
        beside.container(),
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


def figure(drawing: go.Figure, name: str) -> None:
    """A chart in the page's ink, with buttons that save it; nothing leaves the machine.

    One that is remembered for several readers is remembered in each ink (`in_ink`): it is not to
    change while another of them draws it.
    """
    in_ink(drawing, reader_theme())
    key = f"figure-{name}"
    with st.container(gap=None):
        st.plotly_chart(
            drawing,
            key=key,
            theme="streamlit",
            config={
                "displaylogo": False,
                "toImageButtonOptions": {"format": "svg", "filename": f"lora-viz-{name}"},
                "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
            },
        )
        download_buttons(key)


def reader_theme() -> str:
    """The theme that the reader sees the page in: light or dark."""
    return st.context.theme.type or "light"


def in_ink(drawing: go.Figure, theme: str) -> go.Figure:
    """The same figure in a theme's text and ground; one that is in them already stays untouched."""
    for place, colour in (
        ("layout.font.color", INK[theme]),
        ("layout.paper_bgcolor", GROUND[theme]),
    ):
        if drawing[place] != colour:
            drawing[place] = colour
    return drawing


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


def table(rows: list[dict[str, Any]], name: str, **column_config: Any) -> None:
    """A table and a button that saves it as CSV under this name."""
    frame = as_frame(rows)
    st.dataframe(frame, hide_index=True, column_config=column_config or None)
    st.download_button(
        _("Save as CSV"),
        data=lambda: as_csv(frame),
        file_name=f"lora-viz-{name}.csv",
        mime="text/csv",
        on_click="ignore",
        key=f"csv:{name}",
    )


def note_on_8_bit_moments() -> None:
    """For pages that count AdamW's moments in the dtype of the weights, whatever is chosen."""
    if OPTIMIZERS[state.scenario().optimizer].moment_bytes is not None:
        st.caption(
            _(
                "This page shows AdamW's moments in the dtype of the weights. Moments in 8 bits "
                "are on the Memory page."
            )
        )


def show_complaints(sentences: Iterable[str | Message]) -> None:
    """One message for each value that was not accepted."""
    for sentence in sentences:
        show_warning(sentence)
