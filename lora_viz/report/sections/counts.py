"""What is trained of the whole model, by full fine-tuning and with the adapter."""

from __future__ import annotations

from lora_viz.adapter.counts import Count, count_blocks, count_kinds, count_model
from lora_viz.choices.scenario import Scenario
from lora_viz.figures.kit.colours import colour
from lora_viz.figures.kit.literal import visible
from lora_viz.figures.parameters_bars import parameter_bars
from lora_viz.figures.wording.counted import (
    SHOWN_DIGITS,
    adapter_segments,
    bar_panels,
    weight_segment,
)
from lora_viz.figures.wording.names import model_name
from lora_viz.format import grouped, percent
from lora_viz.i18n import _
from lora_viz.questions.ask_for import adapter_of, architecture_of
from lora_viz.questions.question import Ask
from lora_viz.report.facts import Chart, Section, Series, Table


def counts(scenario: Scenario, ask: Ask) -> Section:
    """The page “Parameters” as a section. Raises `UserError`."""
    architecture, layout = ask(architecture_of(scenario)), ask(adapter_of(scenario))
    kinds = count_kinds(layout, scenario.rank)
    blocks = count_blocks(architecture, layout, scenario.rank)
    model = count_model(layout, scenario.rank)
    panels = bar_panels(model_name(scenario.model), kinds, blocks, model, scenario)
    number, meaning = _key_number(model, scenario)
    rows = [(visible(kind.name), kind.one, kind.modules) for kind in kinds]
    return Section(
        name="parameters",
        title=_("Parameters"),
        number=number,
        meaning=meaning,
        figure=parameter_bars(panels, log=False),
        chart=_chart(model, scenario),
        table=Table(
            (_("Layer"), _("Layers"), _("Full fine-tuning"), _("LoRA"), _("Share")),
            (
                *((name, grouped(number), *_line(one)) for name, one, number in rows),
                (_("the whole model"), "1", *_line(model)),
            ),
        ),
        sources=(_("Counts and file sizes: PEFT's own adapter for your model, at every rank."),),
    )


def _line(count: Count) -> tuple[str, str, str]:
    return grouped(count.full), grouped(count.trainable), percent(count.share, SHOWN_DIGITS)


def _key_number(model: Count, scenario: Scenario) -> tuple[str, str]:
    share = percent(model.share, SHOWN_DIGITS)
    values = {"trained": grouped(model.trainable), "all": grouped(model.full), "share": share}
    if not scenario.trains_adapter:
        words = _(
            "of the model is trained: all %(all)s parameters. LoRA would train %(trained)s "
            "(%(share)s)"
        )
        return percent(1, 0), words % values
    return share, _("of the model is trained: %(trained)s of %(all)s parameters") % values


def _chart(model: Count, scenario: Scenario) -> Chart:
    full = weight_segment("update", _("Full fine-tuning"), model.full, scenario)
    parts = [(full, (model.full, None))]
    parts += [(one, (None, one.parameters)) for one in adapter_segments(model, scenario)]
    return Chart(
        "bars",
        (_("Full fine-tuning"), _("LoRA")),
        tuple(Series(one.name, colour(one.meaning), values) for one, values in parts),
        "parameters",
    )
