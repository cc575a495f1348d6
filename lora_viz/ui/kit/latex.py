"""Formulas with the current numbers put in, in the colours of the charts."""

from __future__ import annotations

import streamlit as st

from lora_viz.figures.kit.colours import Meaning, colour
from lora_viz.format import grouped


def coloured(meaning: Meaning, letters: str) -> str:
    """Letters in the colour that means the same in every chart."""
    return rf"\textcolor{{{colour(meaning)}}}{{{letters}}}"


UPDATE = coloured("update", r"\Delta W")
B = coloured("B", "B")
A = coloured("A", "A")


def number(value: float) -> str:
    """589824 → "589{,}824": grouped, without the space that LaTeX puts after a comma."""
    return grouped(value).replace(",", "{,}")


def percentage(share: float) -> str:
    r"""0.020833 → "2.083\,\%": four significant digits at the most."""
    return rf"{share * 100:.4g}\,\%"


def lines(*formulas: str) -> None:
    """Write formulas below each other.

    Each stands for itself, in no array: where it is wider than its place, the browser breaks it
    after a plus, a dot or an equals sign outside brackets of LaTeX (`ui/kit/style.py`).
    """
    for formula in formulas:
        st.latex(formula)
