"""What a worker is asked about a training step."""

from __future__ import annotations

from typing import Any

from lora_viz.memory.report import MemoryReport
from lora_viz.memory.settings import StepSettings
from lora_viz.models.source import resolve


def simulate_step(model: str, settings: dict[str, Any]) -> MemoryReport:
    """Run one training step of a model without weights or data and report its memory. Loads torch.

    Args:
        model: whatever `models.source.resolve` accepts.
        settings: the fields of `StepSettings`.

    Raises:
        UserError: the model cannot be read, no layer is adapted, or the step itself fails.
    """
    values = resolve(model).values
    chosen = StepSettings.from_arguments(settings)

    from lora_viz.memory.torch_step.simulate import simulate

    return simulate(values, chosen)
