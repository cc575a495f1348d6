"""The answers that the app's pages need first, worked out before it starts."""

from __future__ import annotations

from collections.abc import Iterator

from lora_viz.choices.scenario import Scenario
from lora_viz.cli import reports
from lora_viz.questions.ask_for import architecture_of, step_of
from lora_viz.questions.kept import compute


def prepare_answers() -> Iterator[str]:
    """Answer the default scenario's questions and keep them on disk; say what was done."""
    scenario = Scenario()
    compute(architecture_of(scenario))
    for report in (reports.count, reports.checkpoint):
        report(scenario)
        report(scenario.changed(method="full"))
        report(scenario.changed(target_modules=("c_attn", "c_proj")))
    for method in Scenario.options("method"):
        compute(step_of(scenario.changed(method=method)))
    yield f"The answers for {scenario.model} are ready."
