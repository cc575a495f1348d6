"""What a worker is asked about a model."""

from __future__ import annotations

from lora_viz.models.architecture import Architecture
from lora_viz.models.source import resolve


def read_architecture(model: str) -> Architecture:
    """Build the model on the meta device and list its layers. Loads torch; raises `UserError`."""
    found = resolve(model)

    from lora_viz.models.by_torch import context_length_of, layers_of
    from lora_viz.models.meta import build_meta_model

    built = build_meta_model(found.values)
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
