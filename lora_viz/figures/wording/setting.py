"""A setting's value in words."""

from __future__ import annotations

from lora_viz.choices.scenario import Scenario
from lora_viz.figures.wording.names import method_name, model_name
from lora_viz.format import grouped
from lora_viz.i18n import _


def setting_value(scenario: Scenario, field: str) -> str:
    """What a scenario says of one of its fields; a dash for one that its method does not have."""
    if not scenario.uses(field):
        return "–"
    value = getattr(scenario, field)
    if field == "model":
        return model_name(value)
    if field == "method":
        return method_name(value)
    if field == "base_dtype" and scenario.is_quantized:
        packed = scenario.quantization.upper()
        return _("%(dtype)s, packed to %(format)s") % {"dtype": value, "format": packed}
    if isinstance(value, bool):
        return _("on") if value else _("off")
    if isinstance(value, tuple):
        return ", ".join(value)
    return grouped(value) if isinstance(value, int) else str(value)


def scenario_line(scenario: Scenario) -> str:
    """A scenario in a line: model, method, batch and card."""
    method = method_name(scenario.method)
    if scenario.trains_adapter:
        method += f" r={scenario.rank}"
    shape = f"{grouped(scenario.batch_size)} × {grouped(scenario.seq_len)}"
    return f"{model_name(scenario.model)} · {method} · {shape} · {scenario.card.name}"
