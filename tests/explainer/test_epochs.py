"""The explainer's four epochs, against the numbers that it prints and exp by hand."""

from __future__ import annotations

import pytest

from lora_viz.explainer.epochs import TOLD_EPOCHS, told_epoch


def test_the_epochs_are_as_told() -> None:
    told = [(entry.epoch, entry.loss, entry.stated_perplexity) for entry in TOLD_EPOCHS]
    assert told == [(1, 2.66, 9.08), (5, 1.14, 3.12), (10, 0.59, 1.67), (20, 0.32, 1.05)]


def test_exp_of_the_losses() -> None:
    computed = [round(entry.computed_perplexity, 2) for entry in TOLD_EPOCHS]
    assert computed == [14.30, 3.13, 1.80, 1.38]
    assert [entry.agrees for entry in TOLD_EPOCHS] == [False, True, False, False]
    assert told_epoch(1).implied_loss == pytest.approx(2.206, abs=5e-4)


def test_w_is_frozen_throughout_and_b_starts_at_zero() -> None:
    assert {entry.states["W"].shade for entry in TOLD_EPOCHS} == {"frozen"}
    shades = [entry.states["B"].shade for entry in TOLD_EPOCHS]
    assert shades == ["zero", "learning", "learned", "learned"]
    assert told_epoch(1).states["A"].shade == "random"


def test_an_epoch_that_is_not_told_of() -> None:
    with pytest.raises(KeyError):
        told_epoch(2)
