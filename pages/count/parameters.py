"""Parameters: every trained parameter of the model, full fine-tuning and LoRA."""

import streamlit as st

from lora_viz.adapter.counts import (
    count_blocks,
    count_kinds,
    count_model,
    count_modules,
)
from lora_viz.figures.kit.base import Figure
from lora_viz.figures.parameters_bars import BarPair, parameter_bars
from lora_viz.figures.wording.counted import bar_panels
from lora_viz.figures.wording.names import method_name, model_name
from lora_viz.i18n import _
from lora_viz.ui.charts.chart import chart
from lora_viz.ui.kit import asking, controls, page
from lora_viz.ui.parameters import target_trap, words
from lora_viz.ui.parameters.bars import legend
from lora_viz.ui.session import state

scenario, view = state.scenario(), state.view()
architecture = asking.architecture()
trap = target_trap.find_trap()
layout = target_trap.shown_layout(trap)
kinds = count_kinds(layout, scenario.rank)
model = count_model(layout, scenario.rank)
name = model_name(scenario.model)


def panels_at(rank: int) -> list[list[BarPair]]:
    """The pairs of bars at a rank."""
    return bar_panels(
        name,
        count_kinds(layout, rank),
        count_blocks(architecture, layout, rank),
        count_model(layout, rank),
        scenario,
    )


def bars_at(rank: int) -> Figure:
    """The bars at a rank."""
    return parameter_bars(panels_at(rank), log=view.axis == "log")


page.headline(
    "parameters",
    _(
        "Each pair of bars: the parameters that full fine-tuning trains, and below them those "
        "of LoRA 🔥."
    ),
    f"{name} · {method_name(scenario.method)} · r = {scenario.rank}",
)
at = page.areas()
with at.picture:
    adapter = panels_at(scenario.rank)[-1][-1].adapter
    legend("update", _("Full fine-tuning: all parameters"), adapter)
    chart(
        bars_at(scenario.rank),
        "parameters",
        _("Trained parameters in bars"),
        at_rank=bars_at,
    )
    st.caption(words.scale(view.axis, kinds))
    target_trap.block_picture(trap, architecture, layout, scenario)
with at.number:
    words.key_number(model, scenario)
    words.line_as_peft_prints_it(layout, scenario.rank)
with at.controls:
    controls.rank()
    controls.several("target_modules", asking.known_targets())
    target_trap.switch(trap)
    controls.options("axis", words=words.axis)
with at.below:
    target_trap.story(trap, layout, scenario)


def table() -> None:
    """One row for each adapted module."""
    rows = words.module_rows(layout, count_modules(layout, scenario.rank))
    page.table(rows, "parameters", **words.number_columns(rows))


page.tabs(
    formula=lambda: words.formula(kinds, model, layout, scenario.rank),
    table=table,
    why=lambda: words.why(model, kinds, scenario),
    sources=words.sources,
)
