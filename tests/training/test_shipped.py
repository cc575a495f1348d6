"""The runs that ship: they load, they are small, and their numbers are those of their tensors."""

from __future__ import annotations

import hashlib
from math import exp

import numpy as np
import pytest
from safetensors.numpy import load_file

from lora_viz.training.data.tasks import TASKS
from lora_viz.training.runs.events import SnapshotEvent
from lora_viz.training.runs.shipped import (
    RECORDED,
    recorded_full_run,
    recorded_lora_run,
)
from lora_viz.training.runs.snapshots import read_base_weights, read_snapshot
from lora_viz.training.runs.story import followed_layers, read_story
from lora_viz.training.sweeps.findings import falls_with_rank, read_sweep, recorded_sweep, spreads
from lora_viz.training.sweeps.learning_rates import FULL, TRIED_RANKS, chosen_rates, recorded_trials
from lora_viz.training.update.trained import read_update, spectrum

EMBEDDED = RECORDED.parent / "tiny_gpt2" / "model.safetensors"
LARGEST_BYTES = 1_800_000


def test_they_are_small_and_say_where_they_come_from() -> None:
    assert sum(file.stat().st_size for file in RECORDED.rglob("*")) < LARGEST_BYTES
    readme = (RECORDED / "README.md").read_text()
    assert "licence" in readme.lower()
    for run in (recorded_lora_run(), recorded_full_run()):
        result = run.result()
        assert result is not None and result.state == "finished"
        assert result.machine is not None and result.machine.software["torch"]
        assert result.steps == 150


def test_w_is_the_embedded_model_s_and_its_hash_that_of_every_snapshot() -> None:
    """GPT-2 keeps W as (in, out); the job hashed the bytes of its float32 form."""
    shipped = load_file(EMBEDDED)
    run = recorded_lora_run()
    snapshots = [event for event in run.events() if isinstance(event, SnapshotEvent)]
    for layer, weight in read_base_weights(run).items():
        name = next(key for key in shipped if layer in f"transformer.{key}" and "weight" in key)
        ours = shipped[name].astype(np.float32)
        np.testing.assert_array_equal(weight.astype(np.float32), ours.T)
        expected = hashlib.sha256(ours.tobytes()).hexdigest()
        for event in snapshots:
            reading = next(one for one in event.layers if one.layer == layer)
            assert reading.base_sha256 == expected


def test_no_snapshot_has_more_singular_values_than_r() -> None:
    """Counted by numpy's own matrix_rank, in every layer of every snapshot."""
    run = recorded_lora_run()
    rank = run.settings.scenario.rank
    snapshots = [event for event in run.events() if isinstance(event, SnapshotEvent)]
    assert len(snapshots) > 10
    for event in snapshots:
        for one, reading in zip(read_snapshot(run, event), event.layers, strict=True):
            ours = np.linalg.svd(one.delta, compute_uv=False)
            assert np.linalg.matrix_rank(one.delta) <= rank
            largest = max(reading.singular_values)
            np.testing.assert_allclose(
                ours[:rank], reading.singular_values, atol=2e-3 * max(largest, 1e-9)
            )


def test_the_story_counts_as_numpy_does_and_pairs_perplexity_with_loss() -> None:
    run = recorded_lora_run()
    layer = followed_layers(run.events())[1]
    story = read_story(run, layer)
    assert story.rank == 8 and story.weight_stays
    first, last = story.moments[0], story.moments[-1]
    assert first.delta.largest == 0 and first.numerical_rank == 0
    assert first.b is not None and first.b.largest == 0
    assert first.a is not None and first.a.largest > 0
    assert 0 < last.numerical_rank <= story.highest_numerical_rank <= 8
    largest = [moment.singular_values[0] for moment in story.moments]
    assert largest[0] == 0 < largest[1] < largest[-1]
    assert last.held_out is not None and last.held_out.step == last.step == 150
    for evaluation in story.held_out:
        assert evaluation.perplexity == pytest.approx(exp(evaluation.loss))


def test_the_full_run_s_singular_values_are_those_of_its_delta() -> None:
    run = recorded_full_run()
    result = run.result()
    assert result is not None
    assert len(result.layer_changes) == 16
    kept = [change for change in result.layer_changes if change.file]
    assert kept
    for change in kept:
        delta = read_update(str(run.path), change.layer).astype(np.float64)
        assert delta.shape == change.shape
        values = np.linalg.svd(delta, compute_uv=False)
        np.testing.assert_allclose(values, change.singular_values, atol=2e-3 * values[0])
        one = spectrum(change)
        shares = np.cumsum(values**2) / np.sum(values**2)
        assert one.share_of(8) == pytest.approx(shares[7], abs=1e-3)
        assert shares[one.half - 1] >= 0.499 and shares[one.half - 2] < 0.501


@pytest.mark.parametrize("task", TASKS)
def test_no_rate_that_was_tried_has_a_lower_validation_loss(task: str) -> None:
    """Counted with numpy; and the sweep that ships was made at the rates chosen."""
    trials = recorded_trials(task)
    chosen = chosen_rates(trials)
    for ranks, rate in (TRIED_RANKS, chosen.lora), ((FULL,), chosen.full):
        table: dict[float, list[float]] = {}
        for trial in trials:
            if trial.rank in ranks:
                table.setdefault(trial.learning_rate, []).append(trial.validation)
        assert {len(losses) for losses in table.values()} == {len(ranks)} and len(table) == 4
        means = {tried: np.mean(losses) for tried, losses in table.items()}
        assert means[rate] == min(means.values()) and rate not in (min(table), max(table))
    sweep = recorded_sweep(task)
    assert sweep is not None
    assert {run.learning_rate for run in read_sweep(sweep) if run.rank} == {chosen.lora}
    assert {run.learning_rate for run in read_sweep(sweep) if run.rank is None} == {chosen.full}


def test_the_recorded_sweep_falls_with_rank() -> None:
    sweep = recorded_sweep("style")
    assert sweep is not None
    runs = read_sweep(sweep)
    plan = sweep.plan()
    assert len(runs) == len(plan.runs()) == 7 * len(plan.seeds)
    losses = spreads(runs, lambda run: run.held_out)
    assert [entry.rank for entry in losses] == [1, 2, 4, 8, 16, 32, None]
    assert falls_with_rank(losses)
    for entry in losses:
        of_rank = [run.held_out for run in runs if run.rank == entry.rank]
        assert entry.median == pytest.approx(np.median(np.array(of_rank)))
        assert (entry.low, entry.high) == (min(of_rank), max(of_rank))  # type: ignore[type-var]
