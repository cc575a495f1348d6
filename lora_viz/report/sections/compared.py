"""Scenarios side by side: what differs, and what it costs."""

from __future__ import annotations

from lora_viz.checkpoint.sizes import adapter_bytes
from lora_viz.choices.scenario import Scenario
from lora_viz.choices.scenario_links import differing_fields
from lora_viz.errors import UserError
from lora_viz.figures.memory_bars import memory_bars
from lora_viz.figures.wording.needs import needs_of, verdict_words
from lora_viz.figures.wording.pieces import bar_pieces
from lora_viz.figures.wording.setting import scenario_line, setting_value
from lora_viz.format import grouped, size
from lora_viz.i18n import _
from lora_viz.memory.fit import verdict
from lora_viz.memory.report import MemoryReport
from lora_viz.memory.step_time import step_seconds
from lora_viz.questions.ask_for import adapter_of, step_of
from lora_viz.questions.question import Ask
from lora_viz.report.facts import Section, Table
from lora_viz.report.sections.step import needs_chart, sources_of

NAMES = "ABCD"


def compared(
    scenarios: tuple[Scenario, ...], utilisation: float, card: tuple[str, int], ask: Ask
) -> tuple[list[Section], list[str]]:
    """The page “Compare” as a section, and why a scenario has no answer.

    Args:
        utilisation: the share of a card's peak rate that seconds are estimated at.
        card: the name and the bytes of the card whose memory is drawn.
    """
    found: dict[str, tuple[Scenario, MemoryReport]] = {}
    missing: list[str] = []
    for name, scenario in zip(NAMES, scenarios, strict=False):
        try:
            found[name] = scenario, ask(step_of(scenario))
        except UserError as error:
            missing.append(f"{name}: {error}")
    if not found:
        return [], missing
    columns = {name: bar_pieces(report, one.method) for name, (one, report) in found.items()}
    least = min(found, key=lambda name: found[name][1].needs.total)
    return [
        Section(
            name="comparison",
            title=_("Compare"),
            number=size(found[least][1].needs.total),
            meaning=_("needed by %s, the least of all") % least,
            figure=memory_bars(columns, {}, card),
            chart=needs_chart(columns),
            table=_table(found, utilisation, ask),
            sources=sources_of(found[least][1]),
        )
    ], missing


def _table(found: dict[str, tuple[Scenario, MemoryReport]], utilisation: float, ask: Ask) -> Table:
    scenarios = tuple(scenario for scenario, _report in found.values())
    lines = [("", *map(scenario_line, scenarios))]
    lines += [
        (str(Scenario.label(field)), *(setting_value(one, field) for one in scenarios))
        for field in differing_fields(scenarios)
    ]
    lines += [
        (
            _("Needed of its card"),
            *(needs_of(step, one.card.memory_bytes) for one, step in found.values()),
        ),
        (
            _("On its card"),
            *(
                verdict_words()[verdict(step, one.card.memory_bytes)].split(":")[0]
                for one, step in found.values()
            ),
        ),
        (
            _("Trainable parameters"),
            *(grouped(step.trainable_parameters) for _one, step in found.values()),
        ),
        (_("Adapter file"), *(_adapter_file(one, ask) for one in scenarios)),
        (
            _("Seconds per step (estimate)"),
            *(f"{step_seconds(step, one, utilisation):.3g}" for one, step in found.values()),
        ),
    ]
    return Table((_("Setting or result"), *found), tuple(lines))


def _adapter_file(scenario: Scenario, ask: Ask) -> str:
    """The size of what a scenario hands on; a dash for full fine-tuning, which saves no adapter."""
    if not scenario.trains_adapter:
        return "–"
    try:
        layout = ask(adapter_of(scenario))
    except UserError:
        return "–"
    return size(adapter_bytes(layout, scenario.rank, *scenario.file_dtypes))
