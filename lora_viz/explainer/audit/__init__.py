"""The audit: every figure of the explainer, the recomputed one, and a verdict."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lora_viz.explainer.audit.counts import COUNT_CLAIMS
from lora_viz.explainer.audit.facts import collect_facts
from lora_viz.explainer.audit.files import FILE_CLAIMS
from lora_viz.explainer.audit.findings import Finding, judge
from lora_viz.explainer.audit.layers import LAYER_CLAIMS
from lora_viz.explainer.audit.training import TRAINING_CLAIMS

CLAIMS = (*LAYER_CLAIMS, *COUNT_CLAIMS, *TRAINING_CLAIMS, *FILE_CLAIMS)


def audit(answer: Callable[..., Any]) -> list[Finding]:
    """Recompute and judge every claim; `answer` is `answers.compute` or `answers.ask`."""
    facts = collect_facts(answer)
    return [judge(claim, facts) for claim in CLAIMS]
