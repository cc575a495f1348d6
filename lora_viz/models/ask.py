"""What a worker is asked about a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lora_viz.models.architecture import Architecture
from lora_viz.models.source import resolve


def read_architecture(model: str, changes: Mapping[str, Any] | None = None) -> Architecture:
    """Build the model on the meta device and list its layers. Loads torch; raises `UserError`.

    `changes` is `Scenario.model_changes`.
    """
    found = resolve(model)

    from lora_viz.models.by_torch import context_length_of, layers_of
    from lora_viz.models.changed import build_changed

    built = build_changed(found.values, changes or {})
    layers = tuple(layers_of(built))
    return Architecture(
        kind=found.kind,
        name=found.name,
        model_type=built.config.model_type,
        class_name=type(built).__name__,
        layers=layers,
        total_parameters=sum(layer.parameters for layer in layers),
        context_length=context_length_of(built),
    )
