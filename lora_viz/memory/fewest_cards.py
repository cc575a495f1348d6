"""How few cards are enough for a step that is spread over them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lora_viz.choices.scenario import Scenario
from lora_viz.choices.several_cards import SHARDINGS
from lora_viz.memory.fit import room
from lora_viz.memory.report import MemoryReport

MOST_TRIED = 64
# ways in which more cards make each hold less of everything
SPLITTING = tuple(one.name for one in SHARDINGS.values() if one.splits_weights)


@dataclass(frozen=True)
class FewestCards:
    """The fewest cards of a size on which a step fits; None where `MOST_TRIED` are too few.

    The count was simulated, and so was one less that does not fit.
    """

    sharding: str
    count: int | None


def fewest_cards(
    scenario: Scenario,
    sharding: str,
    memory_bytes: int,
    simulate: Callable[[Scenario], MemoryReport],
) -> FewestCards:
    """Search for the fewest cards of so much memory that fit, by one way to spread the step.

    What a card needs is taken to shrink with their number: counts double until the step fits, and
    between the last two the middle is tried.

    Args:
        simulate: what one step takes of a card; asked for few counts.
    """

    def fits(count: int) -> bool:
        step = simulate(scenario.changed(world_size=count, sharding=sharding))
        return step.reserved_high <= room(memory_bytes)

    enough = 1
    while not fits(enough):
        if enough == MOST_TRIED:
            return FewestCards(sharding, None)
        enough *= 2
    too_few = enough // 2
    while enough - too_few > 1:
        middle = (enough + too_few) // 2
        if fits(middle):
            enough = middle
        else:
            too_few = middle
    return FewestCards(sharding, enough)
