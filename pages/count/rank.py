"""Rank: what each rank costs, true to scale, and what the document says that it is good for."""

import streamlit as st

from lora_viz.figures.rank_cost import rank_boxes, rank_cost
from lora_viz.format import grouped
from lora_viz.i18n import _
from lora_viz.rank_table import compared_ranks, rank_costs, rank_rows
from lora_viz.ui import asking, controls, page, state
from lora_viz.ui import rank_words as words
from lora_viz.ui.sidebar import METHODS, model_name

scenario, view = state.scenario(), state.view()
layout = asking.adapter_layout()
costs = rank_costs(asking.architecture(), layout)
ranks = compared_ranks(scenario.rank)
rows = rank_rows(costs, layout, ranks, scenario.adapter_dtype, scenario.base_dtype)

page.headline(
    _("Rank"),
    _("Each further rank costs the same. What a rank is good for, a count cannot say."),
    f"{model_name(scenario.model)} · {METHODS[scenario.method]} · r = {scenario.rank}",
)
picture, side = page.picture_and_controls()
with picture:
    st.caption(
        _(
            "Box widths true to r: a cell is one column of B times one row of A. At the right: "
            "trained parameters per block. Words and stars are quoted from the document."
        )
    )
    page.figure(rank_boxes(words.boxes(rows, scenario.rank)), "rank-boxes")
    page.figure(
        rank_cost(
            words.cost_parts(costs.in_model),
            costs.adapted_weights,
            scenario.rank,
            ranks,
            up_to_break_even=view.rank_range == "break-even",
        ),
        "rank-cost",
    )
with side:
    words.key_number(costs, scenario)
    with st.container(border=True):
        controls.slider("rank", highest=64)
        controls.several("target_modules", asking.known_module_types())
        controls.options("rank_range", words=words.range_name)
    if scenario.method == "full":
        st.caption(_("Your method is full fine-tuning, which has no rank; this is LoRA's."))
    if view.rank_range != "break-even":
        st.caption(
            _("Break-even lies outside of this range, at r = %s.")
            % grouped(round(costs.break_even))
        )
    words.advice()
    words.measured_quality()

page.tabs(
    formula=lambda: words.formula(costs, scenario.rank),
    table=lambda: words.table(rows, scenario),
    why=lambda: words.why(costs, scenario),
    sources=words.sources,
)
