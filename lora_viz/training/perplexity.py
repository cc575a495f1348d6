"""Perplexity: the exponential of a mean loss in nats, and how it is shown."""

from __future__ import annotations

import math

LARGEST_PLAIN = 1e6
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def perplexity(loss: float) -> float:
    """exp(loss); infinite where that is more than a number of 64 bits holds, above 709.78."""
    try:
        return math.exp(loss)
    except OverflowError:
        return math.inf


def perplexity_words(loss: float, digits: int = 1) -> str:
    """The perplexity of a loss for a reader: 12.3, 1.6 × 10⁵⁰, > 10³⁰⁸."""
    value = perplexity(loss)
    return "> 10³⁰⁸" if value == math.inf else number_words(value, digits)


def loss_words(loss: float, digits: int = 3) -> str:
    """A loss for a reader: 2.345, 1.2 × 10⁹, ∞ or NaN where it is no finite number."""
    return number_words(loss, digits)


def number_words(value: float, digits: int) -> str:
    """A number with so many decimals; one of more than six digits as a power of ten."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if abs(value) < LARGEST_PLAIN:
        return f"{value:.{digits}f}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(SUPERSCRIPT)}"
