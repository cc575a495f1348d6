"""What a worker is asked about an adapter."""

from __future__ import annotations

from lora_viz.adapter.layout import AdapterLayout
from lora_viz.choices.scenario import Scenario
from lora_viz.models.source import resolve


def read_adapter_layout(
    model: str, targets: tuple[str, ...], bias: str = "none", dora: bool = False
) -> AdapterLayout:
    """Let PEFT adapt the model on the meta device. Loads torch.

    Raises:
        UserError: the model cannot be read, a target matches no layer or one PEFT cannot adapt.
    """
    config = resolve(model).values

    from lora_viz.adapter.repeat_blocks import whole_layout
    from lora_viz.models.meta import build_meta_model

    scenario = Scenario(model=model, target_modules=targets)
    return whole_layout(build_meta_model(config), scenario.peft_targets, bias, dora)
