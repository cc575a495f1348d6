"""One layer trained both ways: its matrices to scale, and the bytes that training keeps."""

from __future__ import annotations

from lora_viz.adapter.counts import default_layer
from lora_viz.adapter.layout import scaling
from lora_viz.choices.scenario import Scenario
from lora_viz.costs.one_layer import LayerState, full_state, lora_state
from lora_viz.figures.full_or_lora_layers import ScalingFactor, lora_figure
from lora_viz.figures.kit.colours import colour
from lora_viz.figures.kit.literal import visible
from lora_viz.figures.kit.matrices import LayerShape
from lora_viz.format import grouped, percent
from lora_viz.i18n import _
from lora_viz.questions.ask_for import adapter_of, architecture_of
from lora_viz.questions.question import Ask
from lora_viz.report.facts import Box, Boxes, Section, Table


def layer(scenario: Scenario, ask: Ask, wanted: str = "") -> Section:
    """The page “Full fine-tuning or LoRA” as a section.

    Args:
        wanted: the layer's name; a usual one where it is empty, or not in the model.

    Raises:
        UserError: the model or its adapter is not known.
    """
    architecture, layout = ask(architecture_of(scenario)), ask(adapter_of(scenario))
    names = {one.name for one in architecture.linear_layers()}
    shown = architecture.layer(wanted if wanted in names else default_layer(architecture, layout))
    sides = shown.in_features, shown.out_features
    full = full_state(*sides, scenario.base_dtype, scenario.optimizer)
    lora = lora_state(
        *sides,
        scenario.rank,
        base_dtype=scenario.base_dtype,
        adapter_dtype=scenario.adapter_dtype,
        optimizer=scenario.optimizer,
        dora=scenario.dora,
    )
    factor = ScalingFactor(
        "alpha/√r" if scenario.rslora else "alpha/r",
        scaling(scenario.rank, scenario.alpha, scenario.rslora),
    )
    return Section(
        name="layer",
        title=f"{_('Full fine-tuning or LoRA')}: {visible(shown.name)}",
        number=percent(lora.trained_values / full.trained_values),
        meaning=_("of this layer’s %(all)s values are trained: %(trained)s")
        % {"all": grouped(full.trained_values), "trained": grouped(lora.trained_values)},
        figure=lora_figure(LayerShape(*sides, scenario.rank), lora, factor),
        chart=Boxes(
            (
                Box("W", colour("frozen"), sides[1], sides[0]),
                Box("B", colour("B"), sides[1], scenario.rank),
                Box("A", colour("A"), scenario.rank, sides[0]),
            )
        ),
        table=_table(full, lora),
        sources=(_("Drawn to scale: equal areas are equal numbers of parameters"),),
    )


def _table(full: LayerState, lora: LayerState) -> Table:
    counted = {
        _("Trained weights"): [one.weight_bytes for one in (full, lora)],
        _("Gradients"): [one.weight_bytes for one in (full, lora)],
        _("Optimizer state"): [one.optimizer_bytes for one in (full, lora)],
        _("Frozen weights"): [one.frozen_bytes for one in (full, lora)],
    }
    return Table(
        ("", _("Full fine-tuning"), _("LoRA")),
        tuple((name, *(f"{grouped(one)} B" for one in both)) for name, both in counted.items()),
    )
