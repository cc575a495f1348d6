"""The perplexities' bars are as high as their numbers; the epochs' rows hold the states."""

from __future__ import annotations

import pytest

from lora_viz.explainer.epochs import TOLD_EPOCHS
from lora_viz.figures.kit.colours import colour
from lora_viz.figures.training_process_epochs import epoch_story, perplexities


def test_bars_are_as_high_as_their_numbers_and_begin_at_zero() -> None:
    figure = perplexities(TOLD_EPOCHS, 1).to_dict()
    heights = [bar["y"][0] for bar in figure["data"]]
    assert heights[::2] == [9.08, 3.12, 1.67, 1.05]
    assert heights[1::2] == pytest.approx([14.296, 3.127, 1.804, 1.377], abs=1e-3)
    assert figure["layout"]["yaxis"]["range"][0] == 0


def test_bars_stand_at_their_epochs() -> None:
    bars = perplexities(TOLD_EPOCHS, 1).to_dict()["data"]
    middles = [
        (left["x"][0] + right["x"][0]) / 2
        for left, right in zip(bars[::2], bars[1::2], strict=True)
    ]
    assert middles == pytest.approx([1, 5, 10, 20])


def test_each_epoch_has_w_b_and_a_in_their_colours() -> None:
    traces = epoch_story(TOLD_EPOCHS, 5).to_dict()["data"]
    colours = [trace["fillcolor"] for trace in traces]
    assert colours == [colour("frozen"), colour("B"), colour("A")] * 4
    solidity = [trace["fillpattern"]["solidity"] for trace in traces[1::3]]
    assert solidity == sorted(solidity) and solidity[0] < 0.2 and solidity[-1] == 1


def test_the_chosen_epoch_is_framed() -> None:
    frames = [
        epoch_story(TOLD_EPOCHS, told.epoch).to_dict()["layout"]["shapes"][0]["y0"]
        for told in TOLD_EPOCHS
    ]
    assert frames == sorted(set(frames))
