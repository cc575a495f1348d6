"""The closing summary's comparisons for the current scenario, ready to be drawn."""

from __future__ import annotations

from lora_viz.adapter.layout import AdapterLayout, lora_parameters
from lora_viz.checkpoint.parts import CheckpointSizes
from lora_viz.choices.scenario import Scenario
from lora_viz.figures.summary_bars import Pair
from lora_viz.format import grouped, percent, size
from lora_viz.i18n import _
from lora_viz.models.architecture import Architecture, Layer


def summary_pairs(
    scenario: Scenario,
    architecture: Architecture,
    layer: Layer,
    layout: AdapterLayout,
    sizes: CheckpointSizes,
) -> list[Pair]:
    """One layer's matrices, the whole model's parameters, and the files."""
    update = layer.in_features * layer.out_features
    thin = lora_parameters(layer.in_features, layer.out_features, scenario.rank)
    trainable = layout.trainable_parameters(scenario.rank)
    return [
        Pair(
            _("One layer: ΔW → B × A"),
            update,
            thin,
            f"{grouped(update)}",
            f"{grouped(thin)} · {less(update, thin)}",
            "update",
            "B",
        ),
        Pair(
            _("Parameters: whole model ❄ → trained 🔥"),
            architecture.total_parameters,
            trainable,
            grouped(architecture.total_parameters),
            f"{grouped(trainable)} · {less(architecture.total_parameters, trainable)}",
            "frozen",
            "B",
        ),
        Pair(
            _("Checkpoint: full model file → adapter file"),
            sizes.model,
            sizes.adapter,
            size(sizes.model),
            f"{size(sizes.adapter)} · {less(sizes.model, sizes.adapter)}",
            "frozen",
            "B",
        ),
    ]


def less(before: float, after: float) -> str:
    """By how much the second is less than the first, in words."""
    if after <= before:
        return _("%s less") % percent(1 - after / before)
    return _("%s more") % percent(after / before - 1)
