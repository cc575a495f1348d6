"""The planner's grid: its steps, its cells in words, and the cheapest card."""

from __future__ import annotations

import streamlit as st

from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.figures.kit.literal import as_plotly
from lora_viz.figures.planner_grid import NUMBERS_UP_TO, Cell, fit_grid
from lora_viz.figures.wording.needs import needs_of, parts_of, verdict_words
from lora_viz.format import grouped, size
from lora_viz.i18n import _, plural
from lora_viz.memory.fit import verdict
from lora_viz.memory.report import CUDA_CONTEXT_BYTES, MemoryReport
from lora_viz.memory.settings import capability_class
from lora_viz.ui.charts.chart import chart
from lora_viz.ui.kit import page
from lora_viz.ui.kit.literal import as_html
from lora_viz.ui.kit.long_work import go_on_button, is_stopped, long_work
from lora_viz.ui.kit.messages import show_warning
from lora_viz.ui.planner.answers import (
    PlannedCard,
    Steps,
    ask_step,
    column_name,
    column_of,
    known_step,
    needed_steps,
)

WORK = "planner-grid"


def simulate_grid(planned: list[Scenario], rows: list[PlannedCard]) -> Steps:
    """Every step of the grid; None for those that were not simulated as the reader stopped it."""
    needed = needed_steps(planned, rows)
    found: Steps = {need: known_step(*need) for need in needed}
    missing = [need for need in needed if found[need] is None]
    if not missing:
        return found
    if is_stopped(WORK, needed):
        words = plural(
            "%s step is not simulated yet.", "%s steps are not simulated yet.", len(missing)
        )
        st.caption(words % len(missing))
        go_on_button(WORK)
        return found
    with long_work(WORK) as say:
        for number, (scenario, capability) in enumerate(missing):
            words = _("Simulating step %(number)s of %(all)s: %(column)s") % {
                "number": number + 1,
                "all": len(missing),
                "column": column_name(scenario),
            }
            say(words, number / len(missing))
            found[scenario, capability] = ask_step(scenario, capability)
    return found


def draw(planned: list[Scenario], rows: list[PlannedCard], steps: Steps, card: str) -> None:
    """The grid, and one sentence for each reason why a column has no answer."""
    reasons: dict[str, dict[str, None]] = {}
    for (scenario, _capability), step in steps.items():
        if isinstance(step, UserError):
            reasons.setdefault(str(step), {})[column_name(scenario)] = None
    for reason, names in reasons.items():
        show_warning(f"{', '.join(names)}: {reason}")
    cells = [[_cell(step_on(steps, scenario, row), row) for scenario in planned] for row in rows]
    chart(
        fit_grid(
            [column_of(scenario) for scenario in planned],
            [_row_name(row, chosen=row.name == card) for row in rows],
            cells,
        ),
        "planner",
        _("What fits on which card"),
    )
    numbers = (
        _(
            "Numbers: GB = 10⁹ B that the step needs, as on the Memory page: an assumed CUDA "
            "context of %s is included."
        )
        if len(planned) <= NUMBERS_UP_TO
        else _(
            "Point at a cell, or open the table, for the bytes that the step needs, as on the "
            "Memory page: an assumed CUDA context of %s is included."
        )
    )
    st.caption(
        _("✓ %(fits)s · ~ %(tight)s · ✗ %(too_large)s.") % verdict_words()
        + " "
        + numbers % size(CUDA_CONTEXT_BYTES)
    )


def step_on(steps: Steps, scenario: Scenario, row: PlannedCard) -> MemoryReport | None:
    """The step of a column on the card of a row, if there is one."""
    step = steps.get((scenario, capability_class(row.compute_capability)))
    return step if isinstance(step, MemoryReport) else None


def cheapest(scenario: Scenario, rows: list[PlannedCard], steps: Steps) -> PlannedCard | None:
    """The card with the lowest price at its launch on which the scenario's step fits."""
    priced = [
        (row.card.launch_price_usd, row)
        for row in rows
        if row.card
        and row.card.launch_price_usd is not None
        and row.name != (scenario.card.name if scenario.gpu_memory_gb else None)
        and (step := step_on(steps, scenario, row))
        and verdict(step, row.memory_bytes) == "fits"
    ]
    return min(priced, key=lambda pair: pair[0])[1] if priced else None


def key_number(scenario: Scenario, rows: list[PlannedCard], steps: Steps) -> None:
    """The cheapest card that does it; without one, on how many cards it fits."""
    found = cheapest(scenario, rows, steps)
    if found and found.card:
        times = f"{grouped(scenario.world_size)} × " if scenario.world_size > 1 else ""
        page.key_number(
            f"{times}${grouped(found.card.launch_price_usd or 0)}",
            _(
                "%(card)s: the lowest launch price among the cards that this scenario fits. It "
                "is the manufacturer's launch price; shop prices differ, and data-centre cards "
                "have none."
            )
            % {"card": as_html(found.name)},
        )
        return
    reports = [(row, step_on(steps, scenario, row)) for row in rows]
    fitting = [row for row, step in reports if step and verdict(step, row.memory_bytes) == "fits"]
    if fitting:
        page.key_number(
            size(fitting[-1].memory_bytes) if len(fitting) == 1 else str(len(fitting)),
            _("cards that this scenario fits. None has a published price; they start at %s")
            % as_html(fitting[0].name),
        )
    else:
        page.key_number("0", _("cards of the table that this scenario fits as it is"))


def rows_of_table(
    planned: list[Scenario], rows: list[PlannedCard], steps: Steps
) -> list[dict[str, str]]:
    """Exact bytes for the table: one row a card."""
    lines = []
    for row in rows:
        line = {_("Card"): row.name, _("Memory (B)"): grouped(row.memory_bytes)}
        for scenario in planned:
            step = step_on(steps, scenario, row)
            line[column_name(scenario)] = (
                f"{verdict_words()[verdict(step, row.memory_bytes)].split(':')[0]} "
                f"{grouped(step.needs.total)}"
                if step
                else "–"
            )
        lines.append(line)
    return lines


def _row_name(row: PlannedCard, *, chosen: bool) -> str:
    """A card with its memory; the one that the scenario is for stands out."""
    words = f"{as_plotly(row.name)} · {size(row.memory_bytes)}"
    return f"<b>▸ {words}</b>" if chosen else words


def _cell(step: MemoryReport | None, row: PlannedCard) -> Cell | None:
    if step is None:
        return None
    found = verdict(step, row.memory_bytes)
    hover = _("<b>%(card)s: %(verdict)s</b><br>needs %(needs)s:<br>%(parts)s") % {
        "card": as_plotly(row.name),
        "verdict": verdict_words()[found],
        "needs": needs_of(step, row.memory_bytes),
        "parts": parts_of(step).replace(", ", ",<br>"),
    }
    return Cell(found, step.needs.total, hover)
