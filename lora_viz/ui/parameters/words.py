"""What the page "Parameters" says in words, in a formula and in its table."""

from __future__ import annotations

from typing import Any

import streamlit as st

from lora_viz.adapter.counts import (
    Count,
    ModuleKind,
    all_parameters_of_peft,
    count_trained_in_full,
    line_of_peft,
)
from lora_viz.adapter.layout import AdapterLayout, TensorRole, lora_parameters
from lora_viz.choices.scenario import Scenario
from lora_viz.figures.kit.colours import colour
from lora_viz.figures.wording.counted import MOST_KINDS, SHOWN_DIGITS
from lora_viz.format import THIN_SPACE, grouped, percent
from lora_viz.i18n import _, plural
from lora_viz.ui.kit import latex, page
from lora_viz.ui.kit.literal import as_latex

MOST_LINES = 6


def key_number(model: Count, scenario: Scenario) -> None:
    """The share of the model that is trained."""
    share = percent(model.share, SHOWN_DIGITS)
    counts = {"trained": grouped(model.trainable), "all": grouped(model.full), "share": share}
    if not scenario.trains_adapter:
        page.key_number(
            percent(1, 0),
            _(
                "of the model is trained: all %(all)s parameters. LoRA would train %(trained)s "
                "(%(share)s)"
            )
            % counts,
        )
    else:
        page.key_number(
            share, _("of the model is trained: %(trained)s of %(all)s parameters") % counts
        )


def line_as_peft_prints_it(layout: AdapterLayout, rank: int) -> None:
    """The line that people have in their logs, and what its percentage is a share of."""
    with st.container(border=True, key="line-of-peft"):
        st.markdown(f"**{_('What PEFT prints')}**")
        st.code(line_of_peft(layout, rank), language=None, wrap_lines=True)
        st.caption(
            _("It divides by the base model and the adapter together: %(all)s, not %(base)s.")
            % {
                "all": grouped(all_parameters_of_peft(layout, rank)),
                "base": grouped(layout.total_parameters),
            }
        )


def axis(name: str) -> str:
    """What the two kinds of axis are called."""
    return {"linear": _("Linear"), "log": _("Logarithmic")}[name]


def scale(axis_name: str, kinds: list[ModuleKind]) -> str:
    """What may be compared in the picture, and what it leaves out."""
    left_out = len(kinds) - MOST_KINDS
    sentence = _linear_scale() if axis_name == "linear" else _log_scale()
    if left_out > 0:
        words = plural(
            "%s more kind of layer is in the table.",
            "%s more kinds of layer are in the table.",
            left_out,
        )
        sentence += " " + words % left_out
    return sentence


def _linear_scale() -> str:
    return _(
        "Drawn to scale: on each of the axes equal lengths are equal numbers of parameters. "
        "Bars thinner than a pixel are drawn one pixel wide."
    )


def _log_scale() -> str:
    return _(
        "Not to scale: equal distances on this axis are equal factors. Inside a bar, A and B "
        "divide its length by their shares. The linear axis is true to scale."
    )


def formula(kinds: list[ModuleKind], model: Count, layout: AdapterLayout, rank: int) -> None:
    """A and B of each kind of layer, their sum, and the two shares."""
    lines = [_kind_line(kind) for kind in kinds[:MOST_LINES]]
    if len(kinds) > MOST_LINES:
        lines.append(r"\vdots")
    parts = " + ".join(
        rf"{kind.modules} \cdot {_latex(kind.one.trainable)}" for kind in kinds[:MOST_LINES]
    )
    in_full = model.parts.get("module_to_save", 0)
    rest = model.trainable - in_full - sum(kind.trainable for kind in kinds[:MOST_LINES])
    parts += rf" + {_latex(rest)}" if rest else ""
    if in_full:
        names = ", ".join(count_trained_in_full(layout)).replace("_", r"\_")
        head = rf"\textcolor{{{colour('module_to_save')}}}{{{_latex(in_full)}}}"
        lines.append(rf"\texttt{{{names}}} = {head} \text{{ ({_('trained in full')})}}")
        parts += rf" + {head}"
    everything = all_parameters_of_peft(layout, rank)
    lines += [
        rf"\text{{{_('trained')}}} = {parts} = {_latex(model.trainable)}",
        rf"\frac{{{_latex(model.trainable)}}}{{{_latex(model.full)}}} = {_share(model.share)}",
        rf"\text{{PEFT: }} \frac{{{_latex(model.trainable)}}}"
        rf"{{{_latex(model.full)} + {_latex(layout.added_parameters(rank))}}} "
        rf"= {_share(model.trainable / everything)}",
    ]
    latex.lines(*lines)


def module_rows(layout: AdapterLayout, counts: dict[str, Count]) -> list[dict[str, Any]]:
    """One row for each adapted module, then one for each layer that is trained in full; columns
    for parts that no module has are left out."""
    roles: dict[TensorRole, str] = {
        "A": "A",
        "B": "B",
        "magnitude": _("Magnitude"),
        "bias": _("Bias"),
    }
    used = {role for count in counts.values() for role in count.parts}
    return [
        {
            _("Layer"): module.name,
            _("In"): module.in_features,
            _("Out"): module.out_features,
            _("Frozen W"): counts[module.name].full,
            **{
                title: counts[module.name].parts.get(role, 0)
                for role, title in roles.items()
                if role in used
            },
            _("Trained"): counts[module.name].trainable,
            _("Percent of W"): 100 * counts[module.name].share,
        }
        for module in layout.modules
    ] + [
        {_("Layer"): _("%s (trained in full)") % name, _("Frozen W"): count, _("Trained"): count}
        | {_("Percent of W"): 100.0}
        for name, count in count_trained_in_full(layout).items()
    ]


def number_columns(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Grouped digits for every column of whole numbers, three decimals for the percentage."""
    formats = {int: "localized", float: "%.3f"}
    return {
        title: st.column_config.NumberColumn(format=formats[type(value)])
        for title, value in rows[0].items()
        if type(value) in formats
    }


def why(model: Count, kinds: list[ModuleKind], scenario: Scenario) -> None:
    """What to say about it in front of an audience, in numbers of this scenario."""
    adapted = sum(kind.modules * kind.one.full for kind in kinds)
    a_and_b = model.parts.get("A", 0) + model.parts.get("B", 0)
    numbers = {
        "frozen": percent(1 - model.share),
        "adapters": grouped(int(1 / model.share)),
        "adapted": percent(adapted / model.full, 1),
        "rank": scenario.rank,
        "double": 2 * scenario.rank,
        "once": grouped(a_and_b),
        "twice": grouped(2 * a_and_b),
    }
    st.markdown(
        "\n".join(
            f"- {sentence % numbers}"
            for sentence in (
                _("%(frozen)s of the parameters stay as they are. Only the rest needs gradients."),
                _("One full copy of the model has as many parameters as %(adapters)s adapters."),
                _("The adapted weights W are %(adapted)s of the model; the rest is left alone."),
                _(
                    "A and B grow in proportion to the rank: r = %(rank)s gives %(once)s, "
                    "r = %(double)s gives %(twice)s."
                ),
                _("A target name decides more than the rank does: check what PEFT matched."),
            )
        )
    )


def sources() -> None:
    """Where the counts come from."""
    st.markdown(
        "\n".join(
            f"- {source}"
            for source in (
                _("Layers: the model's own code in `transformers`, built without weights."),
                _(
                    "Which layers a name matches, and every count: `peft`, "
                    "`PeftModel.get_nb_trainable_parameters`."
                ),
                _(
                    "PEFT's rule for names: `target_modules` in "
                    "[its reference](https://huggingface.co/docs/peft/package_reference/lora)."
                ),
                _("LoRA: Hu et al., 2021, [arXiv:2106.09685](https://arxiv.org/abs/2106.09685)."),
                _("DoRA: Liu et al., 2024, [arXiv:2402.09353](https://arxiv.org/abs/2402.09353)."),
            )
        )
    )


def _kind_line(kind: ModuleKind) -> str:
    """`attn.c_attn: 8 · (768 + 2304) = 24,576`, with what else is trained in the layer."""
    values = sum(kind.one.parts.get(role, 0) for role in ("A", "B"))
    stacked = values // lora_parameters(kind.in_features, kind.out_features, kind.rank)
    ranks = rf"{stacked} \cdot {kind.rank}" if stacked > 1 else str(kind.rank)
    line = (
        rf"\texttt{{{as_latex(kind.name)}}} = {ranks} \cdot "
        rf"(\textcolor{{{colour('A')}}}{{{kind.in_features}}} + "
        rf"\textcolor{{{colour('B')}}}{{{kind.out_features}}})"
    )
    for role in ("magnitude", "bias"):
        if role in kind.one.parts:
            line += rf" + \textcolor{{{colour(role)}}}{{{_latex(kind.one.parts[role])}}}"
    return f"{line} = {_latex(kind.one.trainable)}"


def _latex(number: int) -> str:
    return grouped(number).replace(",", "{,}")


def _share(share: float) -> str:
    return percent(share, 4).replace(f"{THIN_SPACE}%", r"\,\%")
