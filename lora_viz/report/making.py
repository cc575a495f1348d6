"""A report from what is wanted in it: one chapter a scenario, a section a subject."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date

from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.figures.kit.literal import visible
from lora_viz.figures.wording.setting import scenario_line, setting_value
from lora_viz.i18n import _, current_language
from lora_viz.memory.step_time import UTILISATION
from lora_viz.questions.question import Ask
from lora_viz.report.facts import Chapter, Report, Section, Table
from lora_viz.report.sections.cards import cards_that_fit
from lora_viz.report.sections.compared import compared
from lora_viz.report.sections.counts import counts
from lora_viz.report.sections.curves import curves
from lora_viz.report.sections.files import files
from lora_viz.report.sections.layer import layer
from lora_viz.report.sections.ranks import ranks
from lora_viz.report.sections.step import step_sections

Say = Callable[[str], None]
Answer = Callable[[], tuple[list[Section], list[str]]]  # the sections, and why others are missing
ONLY_OF_PAGES = ("language", "tasks")


@dataclass(frozen=True)
class Wanted:
    """What a chapter is about, and what is to be in it besides the scenario's own answers.

    Args:
        link: the address that restores it; "" where there is none.
        layer: the one that is drawn to scale; a usual one if empty.
        runs: names of runs as links have them.
        compared: scenarios that are put side by side.
        planner: whether each card of the table is asked about, which takes a while.
        utilisation: the share of a card's peak rate that seconds are estimated at.
    """

    scenario: Scenario
    link: str
    layer: str = ""
    runs: tuple[str, ...] = ()
    compared: tuple[Scenario, ...] = ()
    planner: bool = False
    utilisation: float = UTILISATION


@dataclass
class _Collected:
    sections: list[Section] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def make_report(wanted: list[Wanted | str], ask: Ask, say: Say = lambda _words: None) -> Report:
    """The report in the language of the one who calls this.

    Args:
        wanted: what each chapter is about, or the sentence that stands in its place.
        say: told what is being worked out.
    """
    return Report(
        title=_("LoRA Viz: report"),
        language=current_language(),
        made=date.today().isoformat(),
        chapters=tuple(
            _chapter(one, ask, say)
            if isinstance(one, Wanted)
            else Chapter(visible(one), Table((), ()), "", (), ())
            for one in wanted
        ),
    )


def _chapter(wanted: Wanted, ask: Ask, say: Say) -> Chapter:
    collected = _Collected()
    for title, answer in _answers(wanted, ask):
        say(f"{scenario_line(wanted.scenario)}: {title}")
        try:
            sections, missing = answer()
        except UserError as error:
            sections, missing = [], [str(error)]
        collected.sections += sections
        collected.missing += missing
    return Chapter(
        line=visible(scenario_line(wanted.scenario)),
        settings=_settings(wanted.scenario),
        link=wanted.link,
        sections=tuple(collected.sections),
        missing=tuple(map(visible, dict.fromkeys(collected.missing))),
    )


def _answers(wanted: Wanted, ask: Ask) -> Iterator[tuple[str, Answer]]:
    """What is asked for each section, by the page's name, in the order in which they stand."""
    scenario = wanted.scenario
    yield _("Parameters"), lambda: ([counts(scenario, ask)], [])
    yield _("Full fine-tuning or LoRA"), lambda: ([layer(scenario, ask, wanted.layer)], [])
    yield _("Memory"), lambda: step_sections(scenario, ask)
    yield _("Checkpoints"), lambda: ([files(scenario, ask)], [])
    yield _("Rank"), lambda: ([ranks(scenario, ask)], [])
    if wanted.planner:
        yield _("Planner"), lambda: cards_that_fit(scenario, ask)
    if wanted.compared:
        card = scenario.card.name, scenario.card.memory_bytes
        yield _("Compare"), lambda: compared(wanted.compared, wanted.utilisation, card, ask)
    if wanted.runs:
        yield _("Compare runs"), lambda: curves(wanted.runs)


def _settings(scenario: Scenario) -> Table:
    return Table(
        (_("Setting"), _("Value")),
        tuple(
            (str(Scenario.label(field)), visible(setting_value(scenario, field)))
            for field in Scenario.model_fields
            if field not in ONLY_OF_PAGES
        ),
    )
