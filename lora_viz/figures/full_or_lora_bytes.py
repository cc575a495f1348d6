"""The bytes that training keeps of one layer, as bars on one linear axis that starts at 0."""

from __future__ import annotations

from collections.abc import Iterator

import plotly.graph_objects as go

from lora_viz.adapter.layout import TensorRole
from lora_viz.costs.one_layer import LayerState
from lora_viz.figures.kit.base import Drawing, add_words
from lora_viz.figures.kit.colours import Meaning, colour, pattern
from lora_viz.format import grouped, size
from lora_viz.i18n import _

BAR_HEIGHT = 0.4
ROLE_MEANINGS: dict[TensorRole, Meaning] = {
    "weight": "update",
    "A": "A",
    "B": "B",
    "magnitude": "magnitude",
}


def bytes_figure(full: LayerState, lora: LayerState, count_frozen: bool) -> go.Figure:
    """Two bars, full fine-tuning above LoRA, each with its sum in words."""
    drawing = Drawing(104)
    for row, (title, state) in enumerate(((_("Full fine-tuning"), full), (_("LoRA"), lora))):
        for meaning, name, number_of_bytes in _segments(state, count_frozen):
            drawing.add_bar(
                x=[number_of_bytes],
                y=[row],
                orientation="h",
                width=BAR_HEIGHT,
                name=name,
                marker={
                    "color": colour(meaning),
                    "pattern": {
                        "shape": pattern(meaning),
                        "fillmode": "overlay",
                        "fgcolor": "#FFFFFF",
                        "solidity": 0.15,
                    },
                },
                hovertext=f"{name}<br>{size(number_of_bytes)} = {grouped(number_of_bytes)} B",
                hoverinfo="text",
            )
        words = f"<b>{title}</b>  {_sum_in_words(state, count_frozen)}"
        add_words(drawing, words, (0, row - 0.4), size=13, anchor="left")
    longest = max(state.total(count_frozen) for state in (full, lora))
    drawing.update_layout(barmode="stack", margin={"l": 0, "r": 0, "t": 0, "b": 0}, dragmode=False)
    drawing.update_xaxes(visible=False, range=[0, longest], fixedrange=True)
    drawing.update_yaxes(visible=False, range=[1.3, -0.65], fixedrange=True)
    return drawing.figure()


def _segments(state: LayerState, count_frozen: bool) -> Iterator[tuple[Meaning, str, int]]:
    """Meaning, name and bytes of each part of a bar, from the left."""
    if count_frozen and state.frozen_values:
        yield "frozen", _("W, frozen"), state.frozen_bytes
    for role, values in state.trained.items():
        name = _("W, trained") if role == "weight" else role
        yield ROLE_MEANINGS[role], name, state.bytes_of(values)
    yield "gradient", _("Gradient"), state.weight_bytes
    if state.moments:
        yield "optimizer", _("Adam's two moments"), state.optimizer_bytes


def _sum_in_words(state: LayerState, count_frozen: bool) -> str:
    """ "2.56 MB = 2.36 MB ❄ + 196.6 KB 🔥", or the one number if there is nothing to add."""
    total, trained = size(state.total(count_frozen)), size(state.trained_bytes)
    if count_frozen and state.frozen_values:
        return f"{total} = {size(state.frozen_bytes)} ❄ + {trained} 🔥"
    return f"{total} 🔥"
