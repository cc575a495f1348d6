"""The simulated peak of the step that a job really takes."""

from __future__ import annotations

from typing import Literal

from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.memory.ask import simulate_step
from lora_viz.memory.settings import step_settings


def simulated_peak(
    scenario: Scenario, bfloat16: bool, kind: Literal["text", "questions"]
) -> int | None:
    """Peak allocated bytes of a step as the job runs it; None where it cannot be simulated."""
    as_run = scenario.changed(
        training_loop="trainer" if bfloat16 else "plain", padding=kind == "questions"
    )
    try:
        report = simulate_step(scenario.model, step_settings(as_run).as_arguments())
    except UserError:
        return None
    return report.peak_allocated
