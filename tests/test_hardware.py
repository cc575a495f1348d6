"""The table of cards."""

from __future__ import annotations

from lora_viz.hardware import gpus
from lora_viz.scenario import Scenario


def test_the_table_of_cards_holds_the_explainers_8_gb() -> None:
    assert gpus()[Scenario().gpu] == 8 * 2**30
    assert len(gpus()) >= 20
