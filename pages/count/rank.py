"""Rank: what each rank costs, true to scale, what is said of it, and what a sweep measured."""

import streamlit as st

from lora_viz.costs.ranks import RankRow, rank_costs, rank_rows
from lora_viz.errors import UserError
from lora_viz.figures.kit.base import Figure
from lora_viz.figures.rank_cost import rank_boxes, rank_cost
from lora_viz.figures.wording.counted import cost_parts
from lora_viz.figures.wording.names import method_name, model_name
from lora_viz.format import grouped
from lora_viz.i18n import _
from lora_viz.ui.charts.chart import chart
from lora_viz.ui.kit import asking, controls, page
from lora_viz.ui.kit.messages import show_error
from lora_viz.ui.page_end.stopping import stop_page
from lora_viz.ui.rank import words
from lora_viz.ui.rank.new_sweep import new_sweep
from lora_viz.ui.rank.sweep import choose_sweep, summary
from lora_viz.ui.session import state


def table() -> None:
    """What each rank costs, and what each run of the sweep measured."""
    words.table(rows, scenario)
    st.markdown(f"**{_('The rank sweep')}**")
    measured.table()


scenario, view = state.scenario(), state.view()
layout = asking.adapter_layout()
try:
    costs = rank_costs(asking.architecture(), layout)
except UserError as error:
    show_error(str(error))
    stop_page()


def rows_at(rank: int) -> list[RankRow]:
    """What the compared ranks cost, this one among them."""
    ranks = words.compared_ranks(rank)
    return rank_rows(costs, layout, ranks, *scenario.file_dtypes)


def boxes_at(rank: int) -> Figure:
    """The boxes, with this rank as the reader's."""
    return rank_boxes(words.boxes(rows_at(rank), rank))


def cost_at(rank: int) -> Figure:
    """The line of the cost, with this rank as the reader's."""
    return rank_cost(
        cost_parts(costs.in_model),
        costs.adapted_weights,
        rank,
        words.compared_ranks(rank),
        up_to_break_even=view.rank_range == "break-even",
    )


rows = rows_at(scenario.rank)

page.headline(
    "rank",
    _("Every extra rank costs the same. Counting cannot tell you which rank is good enough."),
    f"{model_name(scenario.model)} · {method_name(scenario.method)} · r = {scenario.rank}",
)
at = page.areas()
with at.picture:
    st.caption(
        _(
            "Box widths are true to r: a cell is one column of B times one row of A. On the "
            "right: trained parameters per block. Words and stars are quoted from the explainer."
        )
    )
    chart(boxes_at(scenario.rank), "rank-boxes", _("A box for each rank"), at_rank=boxes_at)
    chart(
        cost_at(scenario.rank),
        "rank-cost",
        _("Trained parameters over the rank"),
        at_rank=cost_at,
    )
with at.number:
    words.key_number(costs, scenario)
with at.controls:
    controls.rank()
    controls.several("target_modules", asking.known_targets())
    controls.options("rank_range", words=words.range_name)
with at.side:
    if not scenario.trains_adapter:
        st.caption(_("Your method is full fine-tuning, which has no rank; this shows LoRA."))
    if view.rank_range != "break-even":
        st.caption(
            _("Break-even is outside this range, at r = %s.") % grouped(round(costs.break_even))
        )
    words.advice()
below = at.below

page.section(_("Measured: a rank sweep"))
at = page.areas("-sweep")
with at.controls:
    measured = choose_sweep()
with at.side:
    measured.finding()
with at.below:
    new_sweep(measured.sweep)
with at.picture:
    measured.picture()
with at.number:
    measured.key_number()
with below:
    summary(measured)

page.tabs(
    formula=lambda: words.formula(costs, scenario.rank),
    table=table,
    why=lambda: words.why(costs, scenario),
    sources=words.sources,
)
