"""Which cards are enough, and how many of them: searched on demand."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from lora_viz.choices.scenario import Scenario
from lora_viz.choices.several_cards import SHARDINGS
from lora_viz.errors import UserError
from lora_viz.figures.wording.names import cards_name
from lora_viz.format import size
from lora_viz.i18n import _
from lora_viz.memory.fewest_cards import MOST_TRIED, SPLITTING, fewest_cards
from lora_viz.memory.report import MemoryReport
from lora_viz.memory.settings import capability_class
from lora_viz.ui.kit import page
from lora_viz.ui.kit.long_work import Say, long_work
from lora_viz.ui.planner.answers import PlannedCard, ask_step, known_step

WORK = "planner-cards"
Row = dict[str, str]
Simulate = Callable[[Scenario, float], MemoryReport]  # a step on a class of card


class _NotKnownError(Exception):
    """A search needs a step that has not been simulated."""


def how_many(scenario: Scenario, rows: list[PlannedCard]) -> None:
    """The fewest of each card that fit: at once where every step is known, else when asked for."""
    st.markdown(f"**{_('Which cards are enough, and how many?')}**")
    table = _known_table(scenario, rows)
    if table is None:
        place = st.empty()
        with place.container():
            is_wanted = st.button(_("Find how many of each card"), key="search-cards")
            st.caption(
                _(
                    "Simulates the step on 1, 2, 4 … %s cards and on counts in between. You can "
                    "stop it and continue later."
                )
                % MOST_TRIED
            )
        if not is_wanted:
            return
        place.empty()
        with long_work(WORK) as say:
            table = [_row(scenario, row, _asking(say)) for row in rows]
    page.table(table, "cards")
    st.caption(
        _(
            "Each card has its own batch of %(batch)s, so the batch of all grows with their "
            "number. FSDP2 is run by torch; ZeRO-3 follows the rules of DeepSpeed's source. How "
            "the cards are spread over machines changes no number here."
        )
        % {"batch": scenario.batch_size}
    )


def _row(scenario: Scenario, row: PlannedCard, simulate: Simulate) -> Row:
    capability = capability_class(row.compute_capability)
    cells = {_("Card"): row.name, _("Memory"): size(row.memory_bytes)}
    for sharding in SPLITTING:
        try:
            found = fewest_cards(
                scenario,
                sharding,
                row.memory_bytes,
                lambda wanted: simulate(wanted, capability),
            )
            count = _("more than %s") % MOST_TRIED if found.count is None else str(found.count)
        except UserError as error:
            count = str(error)
        cells[_("Cards by %s") % SHARDINGS[sharding].label] = count
    return cells


def _known_table(scenario: Scenario, rows: list[PlannedCard]) -> list[Row] | None:
    """The table if every step that it needs has been simulated."""

    def known(wanted: Scenario, capability: float) -> MemoryReport:
        step = known_step(wanted, capability)
        if step is None:
            raise _NotKnownError
        return step

    try:
        return [_row(scenario, row, known) for row in rows]
    except _NotKnownError:
        return None


def _asking(say: Say) -> Simulate:
    """Steps that are asked for, with a word on which one it is."""

    def simulate(wanted: Scenario, capability: float) -> MemoryReport:
        say(_("Simulating one of %s") % cards_name(wanted), None)
        step = ask_step(wanted, capability)
        if isinstance(step, UserError):
            raise step
        return step

    return simulate
