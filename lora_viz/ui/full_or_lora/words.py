"""What the page "Full fine-tuning or LoRA" says in words, formulas and a table."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from lora_viz.choices.scenario import Scenario
from lora_viz.costs.one_layer import LayerState, saving
from lora_viz.dtypes import BYTES_PER_VALUE
from lora_viz.figures.full_or_lora_bytes import ROLE_MEANINGS
from lora_viz.figures.kit.colours import colour
from lora_viz.figures.kit.matrices import LayerShape
from lora_viz.format import grouped, percent, size
from lora_viz.i18n import _
from lora_viz.ui.kit import latex, page
from lora_viz.ui.memory.answers import known_steps_of_both
from lora_viz.ui.page_list import file_of


def reduction(full: LayerState, lora: LayerState, count_frozen: bool) -> tuple[str, str]:
    """How much less (or more) LoRA keeps, as a share of what full fine-tuning keeps, and a word."""
    return _in_words(saving(full, lora, count_frozen))


def _in_words(saved: float) -> tuple[str, str]:
    return percent(abs(saved)), _("less") if saved >= 0 else _("more")


def notes(full: LayerState, lora: LayerState, scenario: Scenario, is_adapted: bool) -> None:
    """A card with both ways to count, and what is special about the scenario or the layer."""
    with st.container(border=True):
        st.markdown(f"**{_('Three ways to count')}**")
        for words, count_frozen in (
            (_("Only what is trained: %(full)s → %(lora)s, **%(change)s %(word)s**."), False),
            (
                _(
                    "With the frozen W, which stays in memory: %(full)s → %(lora)s, "
                    "**%(change)s %(word)s**."
                ),
                True,
            ),
        ):
            st.markdown(words % _totals(full, lora, count_frozen))
        _whole_step(scenario)
        for note in _special_cases(full, lora, scenario):
            st.caption(note)
        if not is_adapted:
            st.caption(_("Your target modules leave this layer as it is."))


def _whole_step(scenario: Scenario) -> None:
    """The last way to count: what a step of the whole model needs by both methods, if known."""
    full, lora = known_steps_of_both(scenario)
    if full and lora:
        change, word = _in_words(1 - lora.needs.total / full.needs.total)
        st.markdown(
            _("The whole training step, simulated: %(full)s → %(lora)s, **%(change)s %(word)s**.")
            % {
                "full": size(full.needs.total),
                "lora": size(lora.needs.total),
                "change": change,
                "word": word,
            }
        )
    else:
        st.markdown(_("The whole training step, with every layer and the activations: see Memory."))
    st.page_link(file_of("memory"), label=_("Memory"))


def formula(shape: LayerShape, full: LayerState, lora: LayerState) -> None:
    """Both sums and both reductions with the current numbers put in."""
    copies = f"(1 + 1 + {full.moments})"
    of_weight = rf"{shape.out_features} \cdot {shape.in_features}"
    trained = rf"\textcolor{{{colour('update')}}}{{{of_weight}}}"
    frozen = rf"\textcolor{{{colour('frozen')}}}{{{of_weight}}}"
    adapter = f"({_adapter_values(shape, lora)})"
    lines = (
        _sum(_("full"), rf"{copies} \cdot {trained}", full.trained_dtype, full.trained_bytes),
        _sum("LoRA", rf"{copies} \cdot {adapter}", lora.trained_dtype, lora.trained_bytes),
        _sum(_("frozen W"), frozen, lora.frozen_dtype, lora.frozen_bytes),
        _saving(full, lora, count_frozen=False),
        _saving(full, lora, count_frozen=True),
    )
    latex.lines(*lines)
    st.caption(
        _("1 for the weights, 1 for their gradients, %(moments)s for the optimizer's moments.")
        % {"moments": full.moments}
    )


def table(full: LayerState, lora: LayerState) -> None:
    """What each way keeps, in values and exact bytes."""
    columns = (_("Full: values"), _("Full: bytes"), _("LoRA: values"), _("LoRA: bytes"))
    kept = [_("Trained weights"), _("Their gradients"), _("Adam moment m"), _("Adam moment v")]
    once = (full.trained_values, full.weight_bytes, lora.trained_values, lora.weight_bytes)
    copies = 2 + full.moments
    frozen = (full.frozen_values, full.frozen_bytes, lora.frozen_values, lora.frozen_bytes)
    trained = tuple(copies * number for number in once)
    lines = dict.fromkeys(kept[:copies], once) | {
        _("Sum of these"): trained,
        _("Frozen W"): frozen,
        _("Sum with the frozen W"): tuple(map(sum, zip(trained, frozen, strict=True))),
    }
    rows = [
        {_("Kept"): name} | dict(zip(columns, numbers, strict=True))
        for name, numbers in lines.items()
    ]
    grouped_digits = st.column_config.NumberColumn(format="localized")
    page.table(rows, "layer-bytes", **dict.fromkeys(columns, grouped_digits))


def why(full: LayerState, lora: LayerState) -> None:
    """What a presenter can say, with this layer's numbers."""
    points = (
        _(
            "Training keeps %(copies)s values for each trained one: the weight, its gradient and "
            "%(moments)s optimizer moments. LoRA keeps them too, but trains %(lora)s values "
            "instead of %(full)s."
        ),
        _(
            "“%(trained)s” and “%(all)s” are both right. The first counts what training "
            "changes; the second everything that this layer keeps, because each forward pass still "
            "multiplies by the frozen W."
        ),
        _(
            "Of the %(total)s that LoRA keeps for this layer, %(frozen)s is the frozen W. No "
            "smaller rank can shrink that part; a smaller number format for W can (QLoRA)."
        ),
        _(
            "Activations are not counted here. They depend on the batch and the sequence "
            "length, and both methods need them."
        ),
    )
    values = {
        "copies": 2 + full.moments,
        "moments": full.moments,
        "lora": grouped(lora.trained_values),
        "full": grouped(full.trained_values),
        "trained": " ".join(reduction(full, lora, False)),
        "all": " ".join(reduction(full, lora, True)),
        "total": size(lora.total(True)),
        "frozen": percent(lora.frozen_bytes / lora.total(True)),
    }
    st.markdown("\n".join(f"- {point % values}" for point in points))


def sources() -> None:
    """Where the way of counting comes from."""
    for source in (
        _(
            "Hu et al. 2021, *LoRA: Low-Rank Adaptation of Large Language Models*, §4: A, B and "
            "alpha/r; no gradients and moments for frozen weights: "
            "[arXiv:2106.09685](https://arxiv.org/abs/2106.09685)"
        ),
        _(
            "Kingma and Ba 2014, *Adam*, algorithm 1: the two moments m and v: "
            "[arXiv:1412.6980](https://arxiv.org/abs/1412.6980)"
        ),
        _(
            "PyTorch, torch.optim.AdamW: `exp_avg` and `exp_avg_sq` in the weight's dtype; its "
            "step counter, 4 bytes a tensor, is not counted here: "
            "[docs.pytorch.org](https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html)"
        ),
        _(
            "Liu et al. 2024, *DoRA*: one magnitude for each output: "
            "[arXiv:2402.09353](https://arxiv.org/abs/2402.09353)"
        ),
        _("Only the weight matrix is compared: a layer's bias is not counted on either side."),
    ):
        st.markdown(f"- {source}")


def _totals(full: LayerState, lora: LayerState, count_frozen: bool) -> dict[str, str]:
    change, word = reduction(full, lora, count_frozen)
    return {
        "full": size(full.total(count_frozen)),
        "lora": size(lora.total(count_frozen)),
        "change": change,
        "word": word,
    }


def _special_cases(full: LayerState, lora: LayerState, scenario: Scenario) -> Iterator[str]:
    if not scenario.trains_adapter:
        yield _("Your method is full fine-tuning; LoRA is shown at rank %(rank)s.") % {
            "rank": scenario.rank
        }
    if scenario.is_quantized:
        yield _("QLoRA stores the frozen W in 4 bits; here it is counted as %(dtype)s.") % {
            "dtype": lora.frozen_dtype
        }
    if full.trained_dtype != lora.trained_dtype:
        yield _("W is %(base)s, what LoRA trains is %(adapter)s.") % {
            "base": full.trained_dtype,
            "adapter": lora.trained_dtype,
        }
    if lora.trained_values > full.trained_values:
        yield _("At this rank LoRA trains more values than W has.")


def _sum(name: str, values: str, dtype: str, number_of_bytes: int) -> str:
    width = BYTES_PER_VALUE[dtype]
    total = _digits(number_of_bytes)
    return rf"\text{{{name}}} = {values} \cdot {width}\,\text{{B}} = {total}\,\text{{B}}"


def _adapter_values(shape: LayerShape, lora: LayerState) -> str:
    """r · in + out · r, with DoRA + out, in the colours of A, B and the magnitudes."""
    factors = {
        "A": rf"{shape.rank} \cdot {shape.in_features}",
        "B": rf"{shape.out_features} \cdot {shape.rank}",
        "magnitude": str(shape.out_features),
    }
    return " + ".join(
        rf"\textcolor{{{colour(ROLE_MEANINGS[role])}}}{{{factors[role]}}}" for role in lora.trained
    )


def _saving(full: LayerState, lora: LayerState, count_frozen: bool) -> str:
    of_lora = _digits(lora.trained_bytes)
    if count_frozen:
        of_lora += rf" + {_digits(lora.frozen_bytes)}"
    share = saving(full, lora, count_frozen) * 100
    fraction = rf"\frac{{{of_lora}}}{{{_digits(full.total(count_frozen))}}}"
    return rf"\text{{{_('saved')}}} = 1 - {fraction} = {share:.2f}\,\%"


def _digits(number: int) -> str:
    """A grouped number in LaTeX, whose commas would else be followed by a space."""
    return grouped(number).replace(",", "{,}")
