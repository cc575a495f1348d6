"""The warnings about names that match nothing, above every number that they are missing from."""

from __future__ import annotations

from lora_viz.adapter.warning_words import sentences_of_numbers
from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.ui.kit.asking import layout_or_reason
from lora_viz.ui.kit.messages import show_warning


def warn_of_unmatched_targets(scenario: Scenario, name: str = "") -> None:
    """Name what the scenario names and the model lacks; `name` tells it from other scenarios.

    Where no target matches at all there is no adapter: the page's own question then ends with
    that, in place of its numbers.
    """
    layout = layout_or_reason(scenario)
    if isinstance(layout, UserError):
        return
    for sentence in sentences_of_numbers(layout.warnings):
        show_warning(f"{name}: {sentence}" if name else sentence)
