"""The formulas of the page "Forward pass", with the numbers of one pass put in."""

from __future__ import annotations

import streamlit as st

from lora_viz.choices.scenario import Scenario
from lora_viz.format import grouped
from lora_viz.forward.samples import ForwardPass
from lora_viz.i18n import _
from lora_viz.models.architecture import Layer
from lora_viz.ui.kit.latex import coloured, number


def formula(layer: Layer, passed: ForwardPass, scenario: Scenario) -> None:
    """The steps, the merged weight, one output with its numbers, and how W is written."""
    w, a, b = coloured("frozen", "W"), coloured("A", "A"), coloured("B", "B")
    update = coloured("update", r"\Delta W")
    rank, alpha, bias = number(scenario.rank), number(scenario.alpha), _bias(passed)
    root, under = ("r", rank) if not scenario.rslora else (r"\sqrt{r}", rf"\sqrt{{{rank}}}")
    st.latex(rf"h_{{base}} = x\,{w}^\top{bias}")
    st.latex(
        rf"h_{{lora}} = \frac{{\alpha}}{{{root}}}\,(x\,{a}^\top)\,{b}^\top, \allowbreak\quad "
        rf"\frac{{\alpha}}{{{root}}} = \frac{{{alpha}}}{{{under}}} = {passed.scaling:.4g}"
    )
    if "factor" in passed.tensors:
        m = coloured("magnitude", "m")
        factor = rf"\frac{{{m}}}{{\lVert {w} + {update} \rVert}}"
        st.latex(rf"{w}' = {factor}\,({w} + {update})")
        st.latex(rf"h = x\,{w}'^\top{bias}")
    else:
        st.latex(rf"h = h_{{base}} + h_{{lora}} = x\,({w} + {update})^\top{bias}")
    worked = passed.worked
    st.caption(
        _(
            "One output in numbers, the one that A and B change most: h_lora[%(row)s, "
            "%(column)s] before scaling, then h[%(row)s, %(column)s]."
        )
        % {"row": worked.row, "column": grouped(worked.column)}
    )
    for line in worked_output(passed, scenario.rank):
        st.latex(line)
    st.caption(convention(layer))


def worked_output(passed: ForwardPass, rank: int) -> tuple[str, str]:
    """One output as two sums of numbers (LaTeX); of its r products the first are written out."""
    worked = passed.worked
    products = " + ".join(
        rf"{_signed(temp, 3)} \cdot {_signed(b, 3)}"
        for temp, b in zip(worked.temp, worked.b, strict=True)
    )
    more = r" + \dots" if rank > len(worked.temp) else ""
    scaled = rf"{_decimal(passed.scaling)} \cdot {_signed(worked.h_lora)}"
    if "factor" in passed.tensors:
        bias = f" + {_signed(worked.bias)}" if passed.has_bias else ""
        inner = f"{_decimal(worked.h_base - worked.bias)} + {scaled}"
        sum_of_both = rf"{_decimal(worked.factor)} \cdot [{inner}]{bias}"
    else:
        sum_of_both = f"{_decimal(worked.h_base)} + {scaled}"
    return (
        f"{products}{more} = {_decimal(worked.h_lora)}",
        f"{sum_of_both} = {_decimal(worked.h)}",
    )


def convention(layer: Layer) -> str:
    """That W·x and x·Wᵀ are the same, and how this layer stores W."""
    words = _(
        "The explainer writes W·x for one column x. The rows of a batch are computed at once as "
        "x·Wᵀ: the same numbers."
    )
    stored = {
        "stored": "×".join(map(str, layer.weight_shape)),
        "shape": f"{layer.out_features}×{layer.in_features}",
    }
    if layer.kind == "Conv1D":
        return (
            f"{words} "
            + _(
                "This layer is a Conv1D, as in GPT-2, and stores W as (in, out) = %(stored)s; here "
                "W is shown as (out, in) = %(shape)s."
            )
            % stored
        )
    return (
        f"{words} " + _("This layer is a Linear and stores W as (out, in) = %(stored)s.") % stored
    )


def _bias(passed: ForwardPass) -> str:
    return " + b" if passed.has_bias else ""


def _decimal(value: float, digits: int = 4) -> str:
    """So many significant digits, with a power of ten as LaTeX writes it."""
    text = f"{value:.{digits}g}"
    if "e" not in text:
        return text
    number_part, exponent = text.split("e")
    return rf"{number_part} \cdot 10^{{{int(exponent)}}}"


def _signed(value: float, digits: int = 4) -> str:
    """A number as a term after a plus or dot: negative ones in brackets."""
    shown = _decimal(value, digits)
    return f"({shown})" if value < 0 else shown
