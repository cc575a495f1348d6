"""The audit's verdicts, recomputed from what each finding says and held against known figures."""

from __future__ import annotations

import json
from functools import cache
from math import exp

import pytest

from lora_viz.cli.app import app
from lora_viz.explainer.audit import CLAIMS, audit
from lora_viz.explainer.audit.findings import VERDICTS, Finding, ruled_verdict
from lora_viz.questions.kept import compute

pytestmark = pytest.mark.xdist_group("audit")  # which takes seconds, once


@cache
def findings() -> tuple[Finding, ...]:
    """What the audit finds."""
    return tuple(audit(compute))


def the(section: str, words: str) -> Finding:
    (finding,) = [f for f in findings() if f.section == section and str(f.claim).startswith(words)]
    return finding


def decimals(stated: float) -> int:
    return len(repr(float(stated)).split(".")[1]) if not float(stated).is_integer() else 0


def test_every_section_is_audited() -> None:
    assert len(findings()) == len(CLAIMS) >= 40
    assert {finding.section for finding in findings()} == {*"123456789", "end"}
    assert {finding.verdict for finding in findings()} == set(VERDICTS)


def test_every_verdict_has_a_sentence_why() -> None:
    assert [finding.claim for finding in findings() if not finding.explanation] == []


@pytest.mark.parametrize("place", range(len(CLAIMS)))
def test_the_rules_verdict_is_what_the_two_figures_say(place: int) -> None:
    finding, claim = findings()[place], CLAIMS[place]
    stated, computed = finding.stated, finding.computed
    if finding.verdict == "exact":
        assert stated == pytest.approx(computed) if not isinstance(stated, str) else True
        assert isinstance(stated, str) is isinstance(computed, str)
    if finding.verdict == "rounded":
        assert isinstance(stated, int | float) and isinstance(computed, int | float)
        assert stated != computed
        assert abs(stated - computed) <= claim.quote.last_digit
        assert claim.quote.last_digit in (10, 10.0 ** -decimals(stated))
    if claim.judgement is None:
        assert finding.verdict == ruled_verdict(stated, computed, claim.quote.last_digit)
    else:
        assert finding.explanation, "a judgement needs its reason"


def test_the_known_contradictions_are_found() -> None:
    total = the("5", "LoRA over 12 layers: parameters")
    assert (total.stated, total.computed, total.verdict) == (811_008, 442_368, "contradicted")
    for epoch, loss in ((1, 2.66), (10, 0.59), (20, 0.32)):
        finding = the("7", f"Epoch {epoch}: perplexity")
        assert finding.computed == pytest.approx(exp(loss))
        assert finding.verdict == "contradicted"
    assert the("end", "VRAM").verdict == "contradicted"
    assert the("8", "Activations").verdict == "assumed"


def test_the_adapter_file_is_the_one_that_was_measured() -> None:
    finding = the("9", "LoRA adapter file")
    assert finding.computed == pytest.approx(9.80, abs=0.005)
    assert "3.25" in str(finding.explanation) and "9.35" in str(finding.explanation)


def test_the_command_line_prints_the_audit(capsys: pytest.CaptureFixture[str]) -> None:
    app(["audit", "--json"], standalone_mode=False)
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == len(findings())
    assert {"section", "claim", "stated", "computed", "verdict", "explanation"} <= set(rows[0])
