"""The answers that the app's pages need first, worked out before it starts."""

from __future__ import annotations

from collections.abc import Iterator

from lora_viz.choices.scenario import Scenario
from lora_viz.cli import reports
from lora_viz.memory.settings import step_settings
from lora_viz.memory.simulate import simulate_step
from lora_viz.models.architecture import read_architecture
from lora_viz.questions.kept import compute


def prepare_answers() -> Iterator[str]:
    """Answer the default scenario's questions and keep them on disk; say what was done."""
    scenario = Scenario()
    compute(read_architecture, scenario.model)
    for report in (reports.count, reports.checkpoint):
        report(scenario)
        report(scenario.changed(method="full"))
        report(scenario.changed(target_modules=("c_attn", "c_proj")))
    for method in Scenario.options("method"):
        settings = step_settings(scenario.changed(method=method))
        compute(simulate_step, scenario.model, settings.as_arguments())
    yield f"The answers for {scenario.model} are ready."
