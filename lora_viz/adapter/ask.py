"""What a worker is asked about an adapter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lora_viz.adapter.layout import AdapterLayout
from lora_viz.choices.scenario import Scenario
from lora_viz.models.source import resolve


def read_adapter_layout(
    model: str,
    targets: tuple[str, ...],
    bias: str = "none",
    dora: bool = False,
    further: Mapping[str, Any] | None = None,
) -> AdapterLayout:
    """Let PEFT adapt the model on the meta device. Loads torch.

    Args:
        further: `Scenario.further_adapter`.

    Raises:
        UserError: the model cannot be read, a target matches no layer or one PEFT cannot adapt.
    """
    config = resolve(model).values

    from lora_viz.adapter.repeat_blocks import whole_layout
    from lora_viz.models.changed import build_changed

    chosen = {"target_modules": targets, "bias": bias, "dora": dora} | dict(further or {})
    scenario = Scenario.make({"model": model} | chosen)
    changed = build_changed(config, scenario.model_changes)
    return whole_layout(changed, scenario.lora_choices)
