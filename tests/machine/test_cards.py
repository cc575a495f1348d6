"""The table of cards."""

from __future__ import annotations

from lora_viz.choices.scenario import Scenario
from lora_viz.machine.cards import gpus


def test_the_table_of_cards_holds_the_explainers_8_gb() -> None:
    assert gpus()[Scenario().gpu] == 8 * 2**30
    assert len(gpus()) >= 20
