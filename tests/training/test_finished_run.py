"""What a finished run recorded, held against other libraries and a process without lora_viz."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from transformers import AutoTokenizer

from lora_viz.memory.settings import step_settings
from lora_viz.training.runs.events import EvaluationEvent, SnapshotEvent, StateEvent, StepEvent
from lora_viz.training.runs.run_folder import Run
from lora_viz.training.runs.snapshots import read_base_weights, read_snapshot
from lora_viz.training.work.simulated import answer
from tests.training.jobs import EMBEDDED_FOLDER, run_here, short_settings


def test_losses_and_hash_are_those_of_plain_torch(finished: Run) -> None:
    script = Path(__file__).with_name("evaluate_adapter.py")
    command = [sys.executable, str(script), str(finished.path), str(EMBEDDED_FOLDER)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    result = finished.result()
    assert result and result.held_out and result.held_out.after and found["ours"] == []
    assert result.held_out.before.loss == pytest.approx(found["before"], rel=1e-5)
    assert result.held_out.after.loss == pytest.approx(found["after"], rel=1e-5)
    assert result.held_out.after.perplexity == pytest.approx(math.exp(found["after"]), rel=1e-4)
    assert result.base_sha256_before == result.base_sha256_after == found["hash"]


def test_held_out_tokens_are_the_end_of_the_text(finished: Run, text_file: Path) -> None:
    tokens = load_file(finished.path / "held_out_tokens.safetensors")
    tokenizer = AutoTokenizer.from_pretrained(EMBEDDED_FOLDER)
    text = text_file.read_text(encoding="utf-8")
    for row in tokens["input_ids"]:
        said = tokenizer.decode(row, skip_special_tokens=True)
        assert said in text[int(0.85 * len(text)) :]


def test_every_check_passed(finished: Run) -> None:
    result = finished.result()
    assert result and {check.name: check.passed for check in result.checks} == {
        "base_unchanged": True,
        "adapter_off": True,
        "rank": True,
        "reloaded": True,
        "merged": True,
    }
    assert result.seconds.keys() == {"loading", "tokenising", "evaluating", "training", "checking"}
    scenario = finished.settings.scenario.changed(training_loop="trainer", mixed_precision="none")
    asked = {"model": scenario.model, "settings": step_settings(scenario).as_arguments()}
    assert result.memory and answer(asked) == {"peak": result.memory.simulated_peak_allocated}
    assert result.files.adapter == sum(
        file.stat().st_size for file in finished.adapter_folder.glob("*.safetensors")
    )


def test_events_tell_the_whole_story(finished: Run) -> None:
    events = finished.events()
    told = [event.state for event in events if isinstance(event, StateEvent)]
    states = [state for state, _again in groupby(told)]  # it may have waited for another job
    assert states == [
        "queued", "loading", "tokenising", "evaluating", "training", "evaluating", "checking",
    ]  # fmt: skip
    steps = [event for event in events if isinstance(event, StepEvent)]
    assert [event.step for event in steps] == [1, 2, 3, 4, 5, 6]
    assert all(event.memory.resident and event.gradient_norm for event in steps)
    assert steps[-1].seconds_left == 0 and steps[0].learning_rate == pytest.approx(5e-3)
    parts = [(event.step, event.part) for event in events if isinstance(event, EvaluationEvent)]
    trained = [(step, part) for step in (0, 3, 6) for part in ("validation", "held_out")]
    assert set(parts) == {*trained, (0, "pretraining")}


def test_snapshots_hold_a_b_and_a_still_w(finished: Run) -> None:
    snapshots = [event for event in finished.events() if isinstance(event, SnapshotEvent)]
    assert [event.step for event in snapshots] == [0, 3, 6]
    weights = read_base_weights(finished)
    for event in snapshots:
        for layer, reading in zip(read_snapshot(finished, event), event.layers, strict=True):
            assert layer.a is not None and layer.b is not None
            assert layer.delta.shape == weights[layer.layer].shape
            assert layer.b.any() == (event.step > 0)
            true = np.linalg.svd(layer.delta.astype(np.float64), compute_uv=False)
            assert reading.singular_values == pytest.approx(true[:4], abs=1e-6)
            assert true[4:] == pytest.approx(0, abs=1e-6)
            assert reading.delta_norm == pytest.approx(np.linalg.norm(layer.delta), abs=1e-6)
    hashes = [[layer.base_sha256 for layer in event.layers] for event in snapshots]
    assert hashes[0] == hashes[1] == hashes[2]


def test_the_same_seed_gives_the_same_curve(text_file: Path, tmp_path: Path) -> None:
    runs = [
        run_here(tmp_path, name, short_settings(text_file, seed=seed, steps=3))[0]
        for name, seed in (("one", 0), ("again", 0), ("other", 1))
    ]
    one, again, other = (_train_losses(run) for run in runs)
    assert one == again != other


def _train_losses(run: Run) -> list[float]:
    return [event.loss for event in run.events() if isinstance(event, StepEvent)]
