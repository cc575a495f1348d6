"""A run's story from a folder that is written by hand: full fine-tuning, large layers, many."""

from __future__ import annotations

from math import exp
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from lora_viz.errors import UserError
from lora_viz.figures.training_process_run import story_figure
from lora_viz.training.runs.events import EvaluationEvent, EventWriter, LayerReading, SnapshotEvent
from lora_viz.training.runs.kept_runs import create_run
from lora_viz.training.runs.run_folder import Run
from lora_viz.training.runs.story import MOST_MOMENTS, read_story
from lora_viz.training.settings import TrainingSettings, training_scenario

LAYER = "h.0.attn"


def full_run(root: Path, deltas: list[np.ndarray]) -> Run:
    """A full fine-tuning run with one snapshot for each ΔW, at steps 0, 1, 2, …"""
    settings = TrainingSettings.make({"scenario": training_scenario({"method": "full"})})
    run = create_run(settings, "full", root)
    (run.path / "snapshots").mkdir()
    writer = EventWriter(run.events_file)
    writer.write(EvaluationEvent(step=1, part="held_out", loss=2.0, perplexity=exp(2.0), tokens=9))
    for step, delta in enumerate(deltas):
        file = f"snapshots/step-{step:06d}.safetensors"
        save_file({f"{LAYER}.delta": delta.astype(np.float32)}, run.path / file)
        reading = LayerReading(
            layer=LAYER,
            singular_values=(4.0, 3.0, 2.0),
            delta_norm=1.0,
            base_sha256=f"{step:064x}",
        )
        writer.write(SnapshotEvent(step=step, file=file, layers=(reading,)))
    writer.close()
    return run


def test_full_fine_tuning_has_no_rank_and_changes_w(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    deltas = [np.zeros((6, 4)), random.normal(size=(6, 2)) @ random.normal(size=(2, 4))]
    deltas.append(random.normal(size=(6, 4)))
    story = read_story(full_run(tmp_path, deltas), LAYER)
    assert story.rank is None and not story.weight_stays
    assert [moment.numerical_rank for moment in story.moments] == [0, 2, 4]
    assert [moment.held_out is not None for moment in story.moments] == [False, True, True]
    words = " ".join(
        note["text"] for note in story_figure(story).to_dict()["layout"]["annotations"]
    )
    assert "ΔW" in words and "r =" not in words


def test_a_large_change_is_not_decomposed_while_a_page_waits(tmp_path: Path) -> None:
    run = full_run(tmp_path, [np.ones((600, 600))])
    story = read_story(run, LAYER)
    assert not story.is_counted
    assert story.moments[0].singular_values == (4.0, 3.0, 2.0)


def test_of_many_snapshots_some_are_drawn_the_first_and_the_last_among_them(tmp_path: Path) -> None:
    deltas = [np.full((3, 3), float(step)) for step in range(3 * MOST_MOMENTS)]
    story = read_story(full_run(tmp_path, deltas), LAYER)
    steps = [moment.step for moment in story.moments]
    assert len(steps) == MOST_MOMENTS and story.snapshots == len(deltas)
    assert steps[0] == 0 and steps[-1] == len(deltas) - 1
    assert steps == sorted(set(steps))


def test_another_layer_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no snapshot of “h\.9”"):
        read_story(full_run(tmp_path, [np.eye(2)]), "h.9")
