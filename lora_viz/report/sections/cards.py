"""The planner's answer: on which cards of the table each method fits, and the cheapest of them."""

from __future__ import annotations

from lora_viz.choices.methods import METHODS
from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.figures.kit.literal import as_plotly
from lora_viz.figures.planner_grid import COLOURS, SIGNS, Cell, Column, fit_grid
from lora_viz.figures.wording.names import method_name, model_name
from lora_viz.figures.wording.needs import needs_of, verdict_words
from lora_viz.format import grouped, size, three_digits
from lora_viz.i18n import _
from lora_viz.machine.cards import Card, cards
from lora_viz.memory.fit import verdict
from lora_viz.memory.report import MemoryReport
from lora_viz.memory.settings import capability_class
from lora_viz.questions.ask_for import step_of
from lora_viz.questions.question import Ask
from lora_viz.report.facts import Grid, GridCell, Section, Table
from lora_viz.report.sections.step import sources_of

GB = 1e9


def cards_that_fit(scenario: Scenario, ask: Ask) -> tuple[list[Section], list[str]]:
    """The page “Planner” as a section, and why a method has no answer."""
    rows = sorted(cards().values(), key=lambda card: (card.memory_bytes, card.name))
    columns: dict[str, dict[str, MemoryReport]] = {}
    missing: list[str] = []
    for method in METHODS:
        try:
            columns[method] = _steps(scenario.changed(method=method), rows, ask)
        except UserError as error:
            missing.append(f"{method_name(method)}: {error}")
    return ([_section(scenario, rows, columns)] if scenario.method in columns else []), missing


def _steps(scenario: Scenario, rows: list[Card], ask: Ask) -> dict[str, MemoryReport]:
    """The step of a scenario on each card, by its name."""
    classes = {row.name: capability_class(row.compute_capability) for row in rows}
    return {name: ask(step_of(scenario, one)) for name, one in classes.items()}


def _section(
    scenario: Scenario, rows: list[Card], columns: dict[str, dict[str, MemoryReport]]
) -> Section:
    own = columns[scenario.method]
    fitting = [row for row in rows if verdict(own[row.name], row.memory_bytes) == "fits"]
    cells = [[_cell(steps[row.name], row) for steps in columns.values()] for row in rows]
    drawn = fit_grid(
        [Column(model_name(scenario.model), method_name(method)) for method in columns],
        [f"{as_plotly(row.name)} · {size(row.memory_bytes)}" for row in rows],
        cells,
    )
    return Section(
        name="planner",
        title=_("Planner"),
        number=f"{len(fitting)} / {len(rows)}",
        meaning=_meaning(fitting),
        figure=drawn,
        chart=Grid(
            tuple(method_name(method) for method in columns),
            tuple(
                (
                    f"{row.name} · {size(row.memory_bytes)}",
                    tuple(
                        GridCell(
                            f"{SIGNS[cell.verdict]} {three_digits(cell.bytes / GB)} GB",
                            COLOURS[cell.verdict],
                        )
                        for cell in line
                    ),
                )
                for row, line in zip(rows, cells, strict=True)
            ),
        ),
        table=Table(
            (_("Card"), _("Memory (B)"), *(f"{method_name(method)} (B)" for method in columns)),
            tuple(
                (
                    row.name,
                    grouped(row.memory_bytes),
                    *(f"{SIGNS[cell.verdict]}\u00a0{grouped(cell.bytes)}" for cell in line),
                )
                for row, line in zip(rows, cells, strict=True)
            ),
        ),
        sources=(
            _("✓ %(fits)s · ~ %(tight)s · ✗ %(too_large)s.") % verdict_words(),
            _("One card trains alone: sharding over several is not simulated."),
            *sources_of(next(iter(own.values()))),
        ),
    )


def _meaning(fitting: list[Card]) -> str:
    """On how many cards it fits, and the one with the lowest launch price."""
    priced = [card for card in fitting if card.launch_price_usd is not None]
    words = _("cards of the table that this scenario fits as it is")
    if not priced:
        return words
    card = min(priced, key=lambda one: one.launch_price_usd or 0)
    return f"{words}. " + _("Lowest launch price: %(card)s, $%(price)s.") % {
        "card": card.name,
        "price": grouped(card.launch_price_usd or 0),
    }


def _cell(step: MemoryReport, row: Card) -> Cell:
    found = verdict(step, row.memory_bytes)
    hover = f"<b>{as_plotly(row.name)}: {verdict_words()[found]}</b><br>"
    return Cell(found, step.needs.total, hover + needs_of(step, row.memory_bytes))
