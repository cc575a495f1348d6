"""The explainer's four epochs as it draws them, and its perplexities compared with exp(loss)."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from lora_viz.explainer.epochs import ToldEpoch
from lora_viz.explainer.quotes import Matrix, MatrixState, Shade
from lora_viz.figures.kit.base import Drawing, add_words
from lora_viz.figures.kit.colours import GRID, NEUTRAL, Meaning, colour
from lora_viz.figures.kit.fonts import NUMBER_FONT
from lora_viz.i18n import _

# pixels
HEAD, TITLE, BAR, NAMES, AFTER_ROW = 22, 25, 14, 18, 10
ROW = TITLE + BAR + NAMES + AFTER_ROW
FROZEN_LINE = 6
PERPLEXITY_HEIGHT = 214

# shares of the picture's width
MATRICES: dict[Matrix, tuple[float, Meaning, str]] = {
    "W": (0.015, "frozen", "❄"),
    "B": (0.25, "B", "🔥"),
    "A": (0.485, "A", "🔥"),
}
MATRIX_WIDTH, NUMBERS_LEFT = 0.2, 0.72
# the share of ink in ░ ▒ ▓
SOLIDITY: dict[Shade, float] = {"zero": 0.12, "random": 0.4, "learning": 0.7}
BAR_WIDTH = 0.8


def epoch_story(epochs: Sequence[ToldEpoch], chosen: int) -> go.Figure:
    """A row for each epoch: W, B and A shaded as the explainer shades them, and its numbers.

    The bars stand for states; their lengths and shades are no measured values.
    """
    bottom = HEAD + len(epochs) * ROW
    drawing = Drawing(bottom + 8)
    drawing.update_layout(margin={"l": 2, "r": 2, "t": 4, "b": 4})
    drawing.update_xaxes(visible=False, range=[0, 1], fixedrange=True)
    drawing.update_yaxes(visible=False, range=[bottom, 0], fixedrange=True)
    for matrix, (left, _meaning, sign) in MATRICES.items():
        add_words(drawing, f"{sign} <b>{matrix}</b>", (left, HEAD / 2), size=14, anchor="left")
    for row, epoch in enumerate(epochs):
        top = HEAD + row * ROW
        if epoch.epoch == chosen:
            _add_frame(drawing, top)
        _add_row(drawing, epoch, top)
    return drawing.figure()


def perplexities(epochs: Sequence[ToldEpoch], chosen: int) -> go.Figure:
    """Two bars for each epoch, the stated perplexity and exp(stated loss), on linear axes."""
    drawing = Drawing(PERPLEXITY_HEIGHT)
    highest = max(max(e.computed_perplexity, e.stated_perplexity) for e in epochs)
    drawing.update_layout(barmode="overlay", margin={"l": 56, "r": 8, "t": 8, "b": 40})
    shared = {
        "zeroline": False,
        "showline": False,
        "ticks": "",
        "fixedrange": True,
        "tickfont": {"family": NUMBER_FONT, "size": 11},
    }
    drawing.update_xaxes(
        range=[-2, max(e.epoch for e in epochs) + 3.5],
        tickvals=[e.epoch for e in epochs],
        showgrid=False,
        title={"text": _("epoch"), "font": {"size": 12}},
        **shared,
    )
    drawing.update_yaxes(
        range=[0, 1.12 * highest],
        nticks=4,
        gridcolor=GRID,
        title={"text": _("perplexity"), "font": {"size": 12}, "standoff": 14},
        **shared,
    )
    stated, computed = _("the explainer’s perplexity"), _("exp(the explainer’s loss)")
    for epoch in epochs:
        is_chosen = epoch.epoch == chosen
        _add_bar(drawing, epoch, stated, epoch.stated_perplexity, -1, is_chosen)
        _add_bar(drawing, epoch, computed, epoch.computed_perplexity, 1, is_chosen)
    _add_legend(drawing, stated, computed)
    return drawing.figure()


def _add_frame(drawing: Drawing, top: float) -> None:
    drawing.add_shape(
        type="rect",
        x0=0,
        x1=1,
        y0=top,
        y1=top + ROW - 4,
        line={"width": 1.5, "color": NEUTRAL},
        fillcolor="rgba(138,150,163,0.10)",
        layer="below",
    )


def _add_row(drawing: Drawing, epoch: ToldEpoch, top: float) -> None:
    title = _("Epoch %(number)s: %(title)s") % {"number": epoch.epoch, "title": _(epoch.title)}
    add_words(drawing, f"<b>{title}</b>", (0.015, top + TITLE / 2), size=13, anchor="left")
    for matrix, state in epoch.states.items():
        left, meaning, _sign = MATRICES[matrix]
        _add_matrix(drawing, meaning, state, (left, top + TITLE))
        middle = top + TITLE + BAR + NAMES / 2
        add_words(drawing, _(state.words), (left, middle), size=12, anchor="left")
    for line, words in enumerate(
        (
            _("Loss: %s") % f"{epoch.loss:.2f}",
            _("Perplexity: %s") % f"{epoch.stated_perplexity:.2f}",
            _("exp(loss): %s") % f"{epoch.computed_perplexity:.2f}",
        )
    ):
        add_words(drawing, words, (NUMBERS_LEFT, top + 11 + 17 * line), size=12, anchor="left")


def _add_matrix(
    drawing: Drawing, meaning: Meaning, state: MatrixState, corner: tuple[float, float]
) -> None:
    """A bar in the density of the explainer's shade; the frozen W is its plain thick line."""
    left, top = corner
    height = FROZEN_LINE if state.shade == "frozen" else BAR
    upper = top + (BAR - height) / 2
    right, lower = left + MATRIX_WIDTH, upper + height
    solidity = SOLIDITY.get(state.shade)
    drawing.add_scatter(
        x=[left, right, right, left, left],
        y=[upper, upper, lower, lower, upper],
        mode="lines",
        fill="toself",
        fillcolor=colour(meaning),
        fillpattern={
            "shape": "." if solidity else "",
            "fgcolor": colour(meaning),
            "bgcolor": "rgba(0,0,0,0)" if solidity else colour(meaning),
            "size": 5,
            "solidity": solidity or 1,
        },
        line={"width": 1, "color": colour(meaning)},
        hoveron="fills",
        text=_(state.words),
        hoverinfo="text",
    )


def _add_bar(
    drawing: Drawing, epoch: ToldEpoch, name: str, value: float, side: int, is_chosen: bool
) -> None:
    """A bar left (-1) or right (1) of its epoch; its number leans to the same side."""
    is_computed = side > 0
    drawing.add_bar(
        x=[epoch.epoch + side * BAR_WIDTH / 2],
        y=[value],
        width=BAR_WIDTH,
        marker={
            "color": colour("logits") if is_computed else "rgba(0,0,0,0)",
            "line": {"color": colour("logits"), "width": 2},
        },
        hovertext=f"{name}: {value:.4g}",
        hoverinfo="text",
    )
    drawing.add_annotation(
        x=epoch.epoch,
        xanchor="left" if is_computed else "right",
        xshift=2 * side,
        y=value,
        yshift=9,
        text=f"<b>{value:.2f}</b>" if is_chosen else f"{value:.2f}",
        showarrow=False,
        font={"family": NUMBER_FONT, "size": 11},
    )


def _add_legend(drawing: Drawing, stated: str, computed: str) -> None:
    for line, (sign, words) in enumerate((("□", stated), ("■", computed))):
        drawing.add_annotation(
            x=1,
            xref="paper",
            xanchor="right",
            y=1,
            yref="paper",
            yanchor="top",
            yshift=-18 * line,
            text=f"<span style='color:{colour('logits')}'>{sign}</span> {words}",
            showarrow=False,
            font={"size": 12},
        )
