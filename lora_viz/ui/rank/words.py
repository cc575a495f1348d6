"""What the page "Rank" says in words, in a formula and in its table."""

from __future__ import annotations

from typing import Any

import streamlit as st

from lora_viz.choices.scenario import Scenario
from lora_viz.costs.ranks import (
    RankCosts,
    RankRow,
)
from lora_viz.explainer import quotes
from lora_viz.figures.rank_cost import RankBox
from lora_viz.figures.wording.counted import MEANINGS
from lora_viz.format import grouped, percent, size
from lora_viz.i18n import _, plural
from lora_viz.ui.kit import latex, page
from lora_viz.ui.kit.literal import as_code, as_html


def key_number(costs: RankCosts, scenario: Scenario) -> None:
    """What the adapter trains in one block at the scenario's rank, and in the whole model."""
    rank = scenario.rank
    trained = costs.in_model.at(rank)
    values = {
        "rank": grouped(rank),
        "alike": grouped(costs.alike),
        "block": as_html(costs.block),
        "trained": grouped(trained),
        "share": percent(trained / costs.total_parameters, 3),
    }
    if costs.block is None:
        words = _("trained parameters at r = %(rank)s, %(share)s of the model")
    elif costs.alike * costs.in_block.at(rank) == trained:
        words = plural(
            "trained parameters per block at r = %(rank)s, × %(alike)s block = %(trained)s, "
            "%(share)s of the model",
            "trained parameters per block at r = %(rank)s, × %(alike)s blocks = %(trained)s, "
            "%(share)s of the model",
            costs.alike,
        )
    else:
        words = _(
            "trained parameters in the block %(block)s at r = %(rank)s; %(trained)s in the "
            "model, %(share)s of it"
        )
    page.key_number(grouped(costs.in_block.at(rank)), words % values)


def compared_ranks(rank: int) -> list[int]:
    """The explainer's ranks and this one, in ascending order."""
    return sorted({rank, *(told.rank for told in quotes.RANKS)})


def boxes(rows: list[RankRow], rank: int) -> list[RankBox]:
    """The explainer's boxes with its words and stars, and one for the rank if it has none."""
    stated = {entry.rank: entry for entry in quotes.RANKS}
    drawn = []
    for row in rows:
        heading = f"<b>r = {grouped(row.rank)}</b>"
        if entry := stated.get(row.rank):
            heading += f"  “{_(entry.use)}” {stars(entry.stars)}"
        if row.rank == rank:
            heading += f"  ← <b>{_('your rank')}</b>"
        drawn.append(RankBox(row.rank, heading, grouped(row.in_block), row.rank == rank))
    return drawn


def stars(number: int) -> str:
    """4 → "★★★★☆"."""
    return "★" * number + "☆" * (quotes.MOST_STARS - number)


def advice() -> None:
    """The explainer's recommendation, as a quotation."""
    with st.container(border=True):
        st.markdown(f"**{_('The explainer recommends')}**")
        lines = (
            _("> %(task)s: r = %(lowest)s–%(highest)s")
            % {"task": _(entry.task), "lowest": entry.lowest, "highest": entry.highest}
            for entry in quotes.ADVICE
        )
        st.markdown("  \n".join(lines))
        st.caption(
            _(
                "Quoted from §6, like the stars and the words at the boxes: a judgement, not a "
                "measurement."
            )
        )


def formula(costs: RankCosts, rank: int) -> None:
    """The cost as a line over r, and break-even, with the numbers put in."""
    line = costs.in_model
    per_rank = " + ".join(
        latex.coloured(MEANINGS[role], latex.number(values))
        for role, values in line.per_rank.items()
    )
    constant = "".join(
        " + " + latex.coloured(MEANINGS[role], latex.number(values))
        for role, values in line.constant.items()
    )
    frozen = latex.coloured("frozen", latex.number(costs.adapted_weights))
    break_even = f"{costs.break_even:,.1f}".replace(",", "{,}")
    inside, outside = latex.coloured("A", r"\text{in}"), latex.coloured("B", r"\text{out}")
    lines = [
        rf"\text{{{_('trained')}}}(r) = r \cdot \sum ({inside} + {outside}) "
        rf"= r \cdot ({per_rank}){constant}",
        rf"\text{{{_('trained')}}}({rank}) = {rank} \cdot {latex.number(line.slope)}{constant} "
        rf"= {latex.number(line.at(rank))}",
        rf"r_{{\text{{{_('break-even')}}}}} = \frac{{\sum \text{{in}} \cdot \text{{out}}}}"
        rf"{{\sum (\text{{in}} + \text{{out}})}} = \frac{{{frozen}}}{{{latex.number(line.slope)}}} "
        rf"= {break_even}",
    ]
    latex.lines(*lines)


def table(rows: list[RankRow], scenario: Scenario) -> None:
    """One row for each rank; the explainer's own column is for its own setting."""
    titles = {
        "block": _("Per block"),
        "model": _("Whole model"),
        "file": _("Adapter file, bytes"),
        "stated": _("The explainer, per layer"),
    }
    shown: list[dict[str, Any]] = [
        {
            "r": row.rank,
            titles["block"]: row.in_block,
            titles["model"]: row.in_model,
            _("Percent of the model"): 100 * row.share,
            titles["file"]: row.file_bytes,
            _("Adapter file"): size(row.file_bytes),
            titles["stated"]: _stated(row.rank),
        }
        for row in rows
    ]
    digits = st.column_config.NumberColumn(format="localized")
    columns = dict.fromkeys(titles.values(), digits)
    percentage = st.column_config.NumberColumn(format="%.4f")
    page.table(shown, "ranks", **columns, **{_("Percent of the model"): percentage})
    st.caption(
        _(
            "A layer of the explainer is a block here. Its column is a quotation: GPT-2 small, "
            "attention only (c_attn and attn.c_proj). Your targets: %s."
        )
        % ", ".join(map(as_code, scenario.target_modules))
    )


def why(costs: RankCosts, scenario: Scenario) -> None:
    """What to say about it in front of an audience, in numbers of this scenario."""
    rank, line = scenario.rank, costs.in_model
    values = {
        "slope": grouped(line.slope),
        "share": percent(line.slope / costs.total_parameters, 4),
        "rank": grouped(rank),
        "double": grouped(2 * rank),
        "once": grouped(line.at(rank)),
        "twice": grouped(line.at(2 * rank)),
        "break_even": grouped(round(costs.break_even)),
        "times": f"{costs.break_even / rank:,.1f}",
    }
    points = (
        _("Every extra rank costs the same: %(slope)s parameters, %(share)s of the model."),
        _("r = %(rank)s trains %(once)s parameters, r = %(double)s trains %(twice)s."),
        _(
            "At r = %(break_even)s, %(times)s times your rank, A and B hold as many values as "
            "the W they adapt. Above that, LoRA trains more than full fine-tuning of these "
            "layers."
        ),
        _(
            "Cost is exact; quality is not known in advance. A higher rank can fit more, but "
            "only a sweep shows whether your task needs it."
        ),
    )
    st.markdown("\n".join(f"- {point % values}" for point in points))


def sources() -> None:
    """Where the counts come from, and what is only quoted."""
    st.markdown(
        "\n".join(
            f"- {source}"
            for source in (
                _(
                    "LoRA: Hu et al., 2021, [arXiv:2106.09685](https://arxiv.org/abs/2106.09685); "
                    "its section 7.2 asks what the optimal rank is."
                ),
                _("Counts and file sizes: PEFT's own adapter for your model, at every rank."),
                _(
                    "Quoted from the explainer, §6: the boxes’ words, the stars, the "
                    "recommended ranks. No measurement stands behind them."
                ),
            )
        )
    )


def range_name(name: str) -> str:
    """What the two ranges of the chart are called."""
    return {"break-even": _("To break-even"), "ranks": _("The ranks above")}[name]


def _stated(rank: int) -> int | None:
    """What the explainer gives for one of its layers at this rank, if it has it."""
    quote = quotes.PER_LAYER.get(rank)
    return quote.value if quote else None
