"""What the planner asks: the step of each column, on each class of card."""

from __future__ import annotations

from dataclasses import dataclass

from lora_viz.choices.methods import METHODS
from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.figures.planner_grid import Column
from lora_viz.figures.wording.names import method_name, model_name
from lora_viz.i18n import _
from lora_viz.machine.cards import Card, cards
from lora_viz.machine.gpus_here import MachineReading
from lora_viz.memory.report import MemoryReport
from lora_viz.memory.settings import capability_class
from lora_viz.questions import kept
from lora_viz.questions.ask_for import step_of
from lora_viz.ui.session.view import View

Steps = dict[tuple[Scenario, float], MemoryReport | UserError | None]


@dataclass(frozen=True)
class PlannedCard:
    """A row of the grid: a card of the table, one that is here, or one of another size.

    `card` has the published rates and the price; it is None where only the memory is known.
    """

    name: str
    memory_bytes: int
    compute_capability: float
    card: Card | None


def planned_cards(scenario: Scenario, machine: MachineReading) -> list[PlannedCard]:
    """Every card to plan for: what is here first, then another size, then the table by memory."""
    here = [
        PlannedCard(
            _("here: %s") % gpu.name,
            gpu.total_bytes,
            gpu.compute_capability or scenario.card.compute_capability,
            None,
        )
        for gpu in machine.gpus
        if gpu.total_bytes
    ]
    another = [scenario.card] if scenario.gpu_memory_gb else []
    by_memory = sorted(cards().values(), key=lambda card: (card.memory_bytes, card.name))
    return here + [
        PlannedCard(card.name, card.memory_bytes, card.compute_capability, card)
        for card in (*another, *by_memory)
    ]


def planned_scenarios(scenario: Scenario, view: View) -> list[Scenario]:
    """The columns of the grid: for each model each method, at each rank where it has one."""
    models = dict.fromkeys((scenario.model, *view.planned_models))
    ranks = sorted({scenario.rank, *view.planned_ranks})
    of_models = [scenario.with_model(model) for model in models]
    return [
        of_model.changed(method=method, rank=rank)
        for of_model in of_models
        for method in sorted(set(view.planned_methods), key=list(METHODS).index)
        for rank in (ranks if METHODS[method].trains_adapter else [scenario.rank])
    ]


def column_of(planned: Scenario) -> Column:
    """What stands above a column of the grid: the model, then method and rank."""
    method = method_name(planned.method)
    rank = f"<br>r={planned.rank}" if planned.trains_adapter else ""
    return Column(model_name(planned.model), method + rank)


def column_name(planned: Scenario) -> str:
    """A column's model, method and rank in a line."""
    column = column_of(planned)
    return f"{column.group} · {column.name.replace('<br>', ' ')}"


def needed_steps(planned: list[Scenario], rows: list[PlannedCard]) -> list[tuple[Scenario, float]]:
    """What has to be simulated: each column on each class of card."""
    classes = sorted({capability_class(row.compute_capability) for row in rows})
    return [(scenario, capability) for scenario in planned for capability in classes]


def known_step(scenario: Scenario, capability: float) -> MemoryReport | None:
    """The step on a class of card, if it has been simulated before."""
    return kept.known(step_of(scenario, capability))


def ask_step(scenario: Scenario, capability: float) -> MemoryReport | UserError:
    """The step on a class of card, or why there is none."""
    try:
        return kept.ask(step_of(scenario, capability))
    except UserError as error:
        return error
