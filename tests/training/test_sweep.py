"""A rank sweep keeps each run in a folder of its own and goes on where it was cut off."""

from __future__ import annotations

from pathlib import Path

import pytest

from lora_viz.errors import UserError
from lora_viz.training.stopping import StopSignal
from lora_viz.training.sweep import SweepPlan, create_sweep, work
from tests.training.jobs import short_settings


def test_a_sweep_varies_the_rank_only_and_is_not_done_twice(
    text_file: Path, tmp_path: Path
) -> None:
    settings = short_settings(text_file, steps=1, snapshot_every=0)
    plan = SweepPlan(settings=settings, ranks=(1, 2), learning_rates={2: 0.25})
    sweep = create_sweep(plan, "ranks", tmp_path)
    assert [result.state for result in work(sweep, StopSignal())] == ["finished"] * 3
    done = sweep.results()
    assert [chosen.scenario.rank for chosen, _result in done[:2]] == [1, 2]
    assert [chosen.learning_rate for chosen, _result in done] == [5e-3, 0.25, 1e-3]
    assert done[2][0].scenario.method == "full"
    alike = [
        chosen.scenario.model_dump(exclude={"rank", "alpha", "method"}) for chosen, _result in done
    ]
    assert alike == [settings.scenario.model_dump(exclude={"rank", "alpha", "method"})] * 3
    ends = [result.ended for _settings, result in done]
    assert [result.ended for result in work(sweep, StopSignal())] == ends
    with pytest.raises(UserError, match="already"):
        create_sweep(plan, "ranks", tmp_path)
