"""The search for the fewest cards against trying every count."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from lora_viz.choices.scenario import Scenario
from lora_viz.memory.fewest_cards import MOST_TRIED, fewest_cards
from lora_viz.memory.report import MemoryReport


@pytest.mark.parametrize("seed", range(40))
def test_count_is_the_first_that_fits(seed: int) -> None:
    chance = random.Random(seed)
    split, whole = chance.randrange(10**9, 10**12), chance.randrange(10**8, 10**10)
    memory = chance.choice((24, 80, 180)) * 10**9
    empty = MemoryReport(0, "forward", {}, {}, 0, 0, [], 0, 0, 0.0, 0, 0, {})
    asked: list[int] = []

    def simulate(scenario: Scenario) -> MemoryReport:
        asked.append(scenario.world_size)
        needed = whole + split // scenario.world_size
        return replace(empty, peak_allocated=needed, reserved_high=needed)

    found = fewest_cards(Scenario(), "fsdp2", memory, simulate).count
    fitting = [
        count
        for count in range(1, MOST_TRIED + 1)
        if simulate(Scenario(world_size=count)).needs.total <= memory
    ]
    assert found == (fitting[0] if fitting else None)
