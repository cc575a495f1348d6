"""Pairs of a large number and the small one that LoRA makes of it, each pair to its own scale."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from lora_viz.figures.kit.base import Drawing, add_words
from lora_viz.figures.kit.colours import Meaning, colour
from lora_viz.figures.kit.fonts import NUMBER_FONT


@dataclass(frozen=True)
class Pair:
    """What is compared, both values in the same unit, and how each is written."""

    name: str
    before: float
    after: float
    before_words: str
    after_words: str
    before_meaning: Meaning
    after_meaning: Meaning

    @property
    def bars(self) -> tuple[tuple[float, str, Meaning], tuple[float, str, Meaning]]:
        """Value, words and meaning of both bars."""
        return (
            (self.before, self.before_words, self.before_meaning),
            (self.after, self.after_words, self.after_meaning),
        )


def before_after_bars(pairs: list[Pair]) -> go.Figure:
    """Two bars for each pair; a bar's length is its share of the pair's larger value."""
    drawing = Drawing(120 * len(pairs) + 10)
    for row, pair in enumerate(pairs):
        top = row * 3.0
        largest = max(pair.before, pair.after)
        add_words(drawing, f"<b>{pair.name}</b>", (0, top), anchor="left")
        for line, (value, words, meaning) in enumerate(pair.bars):
            drawing.add_bar(
                x=[value / largest],
                y=[top + 0.8 + 0.9 * line],
                orientation="h",
                width=0.7,
                marker={"color": colour(meaning)},
                text=f" {words}",
                textposition="outside" if value / largest < 0.5 else "inside",
                insidetextanchor="end",
                textfont={"family": NUMBER_FONT, "size": 13},
                cliponaxis=False,
                hovertemplate=f"{words}<extra></extra>",
            )
    drawing.update_xaxes(visible=False, range=[0, 1.02], fixedrange=True)
    drawing.update_yaxes(visible=False, range=[3.0 * len(pairs) - 0.6, -0.5], fixedrange=True)
    return drawing.figure()
