"""The audit's findings for a page, and how its verdicts are named there."""

from __future__ import annotations

from functools import partial

from lora_viz.explainer.audit import audit
from lora_viz.explainer.audit.findings import Finding, Verdict
from lora_viz.i18n import _
from lora_viz.ui.kit import asking


def findings() -> list[Finding]:
    """Every figure of the explainer, recomputed; waits with a message where that takes a moment."""
    return audit(partial(asking.answer, _("Recomputing the explainer's figures …")))


def verdict_names() -> dict[Verdict, str]:
    """What each verdict is called."""
    return {
        "exact": _("exact"),
        "rounded": _("rounded"),
        "convention": _("convention"),
        "partial": _("partial"),
        "contradicted": _("contradicted"),
        "assumed": _("assumed"),
        "qualitative": _("qualitative"),
    }


def verdict_meanings() -> dict[Verdict, str]:
    """What each verdict means, in a few words."""
    return {
        "exact": _("the same number"),
        "rounded": _("right to the digits shown"),
        "convention": _("right once an unstated convention is named"),
        "partial": _("true of part of what it claims"),
        "contradicted": _("the explainer's other figures, or a computation, disagree"),
        "assumed": _("never computed"),
        "qualitative": _("a judgement, no number"),
    }


def as_text(value: float | str | None, unit: str) -> str:
    """A stated or computed value with its unit, for a table cell."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return _(value)
    number = f"{value:,}" if float(value).is_integer() else f"{value:,.4g}"
    return f"{number} {unit}".strip()
