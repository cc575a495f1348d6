"""The simulated step as a snapshot, read by PyTorch's own viewer."""

from __future__ import annotations

import pickle

import pytest
import torch.cuda._memory_viz as viewer

from lora_viz.choices.scenario import Scenario
from lora_viz.memory.ask import simulate_step
from lora_viz.memory.settings import step_settings
from lora_viz.memory.snapshots.ask import read_simulated_snapshot, unpacked
from lora_viz.memory.snapshots.reading import facts_of

SCENARIOS = {
    "gpt2": Scenario(seq_len=64),
    "qlora": Scenario(model="llama-3.2-1b", method="qlora", seq_len=64, base_dtype="bfloat16"),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_pytorchs_viewer_reads_the_simulated_step(scenario: Scenario) -> None:
    settings = step_settings(scenario).as_arguments()
    report = simulate_step(scenario.model, settings)
    snapshot = pickle.loads(unpacked(read_simulated_snapshot(scenario.model, settings)))
    # as PyTorch reads it: the segments' sum, the history, and the page that draws it
    assert sum(segment["total_size"] for segment in snapshot["segments"]) == report.reserved_high
    assert viewer.segsum(snapshot).startswith("Summary of segments")
    assert viewer.trace(snapshot).startswith("Device 0")
    assert len(viewer.trace_plot(snapshot)) > 10_000
    assert facts_of(snapshot, 0).highest == report.peak_allocated
