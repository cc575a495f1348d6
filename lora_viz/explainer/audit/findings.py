"""Claims, the rule that judges them, and what comes of it.

The verdicts: exact · rounded (right to the digits shown) · convention (right once an unstated
convention is named) · partial (true of part of what it claims) · contradicted (the explainer's own
other figures, or a computation, disagree) · assumed (never computed) · qualitative.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isclose
from typing import Any, Literal

from lora_viz.explainer.audit.facts import Facts
from lora_viz.explainer.quotes import Quote
from lora_viz.i18n import Message

Verdict = Literal[
    "exact", "rounded", "convention", "partial", "contradicted", "assumed", "qualitative"
]
VERDICTS: tuple[Verdict, ...] = (
    "exact",
    "rounded",
    "convention",
    "partial",
    "contradicted",
    "assumed",
    "qualitative",
)


@dataclass(frozen=True)
class Claim:
    """One figure of the explainer, and how it is recomputed.

    Without a `judgement` the rule of `ruled_verdict` decides.
    """

    quote: Quote[Any]
    words: str
    recompute: Callable[[Facts], float | str | None]
    explain: Callable[[Facts], Message]
    judgement: Verdict | None = None


@dataclass(frozen=True)
class Finding:
    """A claim and the recomputed figure, with its verdict and one sentence why."""

    section: str
    claim: Message
    stated: float | str
    unit: str
    computed: float | str | None
    verdict: Verdict
    explanation: Message


def ruled_verdict(
    stated: float | str, computed: float | str | None, last_digit: float
) -> Verdict | None:
    """What the two figures decide by themselves: exact, rounded, or nothing.

    Rounded allows one step of the last digit shown, which sums of rounded parts can be off by.
    """
    if isinstance(stated, str) or isinstance(computed, str) or computed is None:
        return "exact" if stated == computed else None
    if isclose(stated, computed, rel_tol=1e-9):
        return "exact"
    return "rounded" if abs(stated - computed) <= last_digit else None


def judge(claim: Claim, facts: Facts) -> Finding:
    """Recompute one claim and judge it.

    Raises:
        ValueError: the rule does not decide and the claim brings no judgement.
    """
    quote, computed = claim.quote, claim.recompute(facts)
    verdict = claim.judgement or ruled_verdict(quote.value, computed, quote.last_digit)
    if verdict is None:
        raise ValueError(f"§{quote.section} “{claim.words}”: {quote.value} against {computed}")
    return Finding(
        section=quote.section,
        claim=Message(claim.words),
        stated=quote.value,
        unit=quote.unit,
        computed=computed,
        verdict=verdict,
        explanation=claim.explain(facts),
    )
