"""The warning about targets that match nothing, above every number that they are missing from."""

from __future__ import annotations

from lora_viz.adapter.target_names import unmatched_sentence
from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.ui.kit.asking import layout_or_reason
from lora_viz.ui.kit.messages import show_warning


def warn_of_unmatched_targets(scenario: Scenario, name: str = "") -> None:
    """Name the scenario's targets that match no layer; `name` tells it from other scenarios.

    Where no target matches at all there is no adapter: the page's own question then ends with
    that, in place of its numbers.
    """
    layout = layout_or_reason(scenario)
    if isinstance(layout, UserError):
        return
    if sentence := unmatched_sentence(layout.warnings):
        show_warning(f"{name}: {sentence}" if name else sentence)
