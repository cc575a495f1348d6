"""Audit: every figure of the explainer, and the recomputed one."""

import streamlit as st

from lora_viz.explainer.audit.findings import VERDICTS
from lora_viz.figures.audit_verdicts import verdict_bar
from lora_viz.i18n import _
from lora_viz.ui.audit.answers import as_text, findings, verdict_meanings, verdict_names
from lora_viz.ui.charts.chart import chart
from lora_viz.ui.kit import controls, page
from lora_viz.ui.session import state

found = findings()
names, meanings = verdict_names(), verdict_meanings()
words: dict[str, str] = {"all": _("all"), **names}
agreeing = sum(finding.verdict in ("exact", "rounded") for finding in found)

page.headline(
    "audit",
    _(
        "Every figure of the explainer, recomputed, from parameters to perplexity: see which "
        "hold, and why the others do not."
    ),
    _("GPT-2 small · r = 8 · alpha = 16 · float32, the explainer's own settings"),
)
at = page.areas()
with at.number:
    page.key_number(
        f"{agreeing} / {len(found)}",
        _("figures are exact or right to the digits shown"),
    )
with at.controls:
    controls.options("verdict", words=lambda verdict: words[verdict])
    chosen = state.view().verdict
    if chosen != "all":
        st.caption(f"**{names[chosen]}**: {meanings[chosen]}")
shown = [finding for finding in found if chosen in ("all", finding.verdict)]
with at.picture:
    chart(verdict_bar(found, names), "verdicts", _("How many figures have each verdict"))
page.table(
    [
        {
            "§": _(finding.section),
            _("Figure"): str(finding.claim),
            _("The explainer says"): as_text(finding.stated, finding.unit),
            _("Computed"): as_text(finding.computed, finding.unit),
            _("Verdict"): names[finding.verdict],
            _("Why"): str(finding.explanation),
        }
        for finding in shown
    ],
    "audit",
    5,  # lines, for the longest reason
    **{
        "§": st.column_config.Column(width=40),
        _("Figure"): st.column_config.Column(width=200),
        _("Why"): st.column_config.Column(width=330),
    },
)


def formula() -> None:
    """The rule that decides the first two verdicts."""
    exact, rounded = rf"\text{{{_('exact')}}}", rf"\text{{{_('rounded')}}}"
    step = rf"\text{{{_('one step of the last digit of s')}}}"
    st.latex(rf"{exact}: s = c \qquad {rounded}: |s - c| \le {step}")
    st.markdown(
        _(
            "s is the stated figure, c the computed one. Where the rule does not decide, the "
            "verdict is a judgement, and its sentence says why."
        )
    )


def meanings_table() -> None:
    """What the verdicts mean, and how many figures got each."""
    page.table(
        [
            {
                _("Verdict"): names[verdict],
                _("Meaning"): meanings[verdict],
                _("Figures"): sum(finding.verdict == verdict for finding in found),
            }
            for verdict in VERDICTS
        ],
        "verdicts",
    )


def why() -> None:
    """What a presenter can say."""
    st.markdown(
        _(
            "An explainer's numbers travel further than its words. Most of them hold. The rest "
            "go wrong for three reasons: one short name (c_proj), one missing matrix (the "
            "frozen W), and figures of two kinds compared with each other."
        )
    )


def sources() -> None:
    """Where both columns come from."""
    st.markdown(
        _(
            "The stated figures are quoted from the explainer “LoRA 시각적 설명”. The computed "
            "ones come from this application, with the libraries that it has installed."
        )
    )


page.tabs(formula=formula, table=meanings_table, why=why, sources=sources)
