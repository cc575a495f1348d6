"""The audit: every figure of the explainer beside the recomputed one, with a verdict.

layers, counts, training, files
    The claims, by section of the explainer.
facts
    What they are recomputed from.
findings
    The rule that judges them.
"""

from __future__ import annotations

from lora_viz.explainer.audit.counts import COUNT_CLAIMS
from lora_viz.explainer.audit.facts import collect_facts
from lora_viz.explainer.audit.files import FILE_CLAIMS
from lora_viz.explainer.audit.findings import Finding, judge
from lora_viz.explainer.audit.layers import LAYER_CLAIMS
from lora_viz.explainer.audit.training import TRAINING_CLAIMS
from lora_viz.questions.question import Ask

CLAIMS = (*LAYER_CLAIMS, *COUNT_CLAIMS, *TRAINING_CLAIMS, *FILE_CLAIMS)


def audit(ask: Ask) -> list[Finding]:
    """Recompute and judge every claim; `ask` is `kept.compute` or `kept.ask`."""
    facts = collect_facts(ask)
    return [judge(claim, facts) for claim in CLAIMS]
