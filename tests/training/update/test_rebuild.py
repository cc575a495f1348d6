"""The rebuilt example: its errors against numpy's own SVD and least squares, and their order."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lora_viz.questions.plain import decode, encode
from lora_viz.training.update.ask import rebuild_example
from lora_viz.training.update.by_torch import make_example
from lora_viz.training.update.rebuild import MAXIMUM_VALUES, Rebuild, example_size

SIDES = st.integers(2, 24)
EXAMPLES = st.fixed_dictionaries(
    {
        "out_features": SIDES,
        "in_features": SIDES,
        "true_rank": st.integers(1, 8),
        "noise": st.sampled_from([0.0, 0.1, 1.0]),
        "seed": st.integers(0, 9999),
    }
)
few = settings(max_examples=25)


def truncated_svd_error(update: np.ndarray, rank: int) -> float:
    """The relative error of the matrix that the first r singular triples make."""
    left, values, right = np.linalg.svd(update, full_matrices=False)
    rebuilt = (left[:, :rank] * values[:rank]) @ right[:rank]
    return float(np.linalg.norm(update - rebuilt) / np.linalg.norm(update))


def fitted_by_least_squares(update: np.ndarray, start: np.ndarray, sweeps: int) -> float:
    """The relative error of B and A fitted in turn with numpy's least squares."""
    a = start
    b = np.linalg.lstsq(a.T, update.T)[0].T
    for _sweep in range(sweeps):
        a = np.linalg.lstsq(b, update)[0]
        b = np.linalg.lstsq(a.T, update.T)[0].T
    return float(np.linalg.norm(update - b @ a) / np.linalg.norm(update))


@given(EXAMPLES, st.integers(0, 24))
@few
def test_the_best_error_is_that_of_the_truncated_svd(example: dict[str, Any], rank: int) -> None:
    update, _start = make_example(**example)
    expected = truncated_svd_error(update.numpy(), rank)
    assert rebuild_example(**example, sweeps=0).best_error(rank) == pytest.approx(
        expected, abs=1e-12
    )


@given(EXAMPLES)
@few
def test_the_true_rank_is_the_rank_without_noise(example: dict[str, Any]) -> None:
    noiseless: dict[str, Any] = {**example, "noise": 0.0}
    update, _start = make_example(**noiseless)
    rebuild = rebuild_example(**noiseless, sweeps=1)
    assert rebuild.true_rank is not None
    assert np.linalg.matrix_rank(update.numpy()) == rebuild.true_rank
    for rank in range(rebuild.true_rank, 25):
        assert rebuild.best_error(rank) == pytest.approx(0, abs=1e-12)
        assert rebuild.fitted_error(rank) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("sweeps", [0, 1, 3])
@pytest.mark.parametrize("rank", [1, 3, 8])
@pytest.mark.parametrize(("outs", "ins"), [(20, 20), (12, 30), (30, 12)])
def test_the_fit_is_numpy_s_least_squares(outs: int, ins: int, rank: int, sweeps: int) -> None:
    update, start = make_example(outs, ins, 4, 0.3, 7)
    expected = fitted_by_least_squares(update.numpy(), start.numpy()[:rank], sweeps)
    rebuild = rebuild_example(outs, ins, 4, 0.3, 7, sweeps)
    assert rebuild.fitted_error(rank) == pytest.approx(expected, rel=1e-8)


@given(EXAMPLES)
@few
def test_no_fit_is_better_than_the_best_and_sweeps_only_help(example: dict[str, Any]) -> None:
    rebuilds = [rebuild_example(**example, sweeps=sweeps) for sweeps in range(4)]
    for earlier, later in pairwise(rebuilds):
        assert np.all(later.fitted_errors <= earlier.fitted_errors + 1e-9)
    for rebuild in rebuilds:
        assert np.all(rebuild.fitted_errors >= rebuild.best_errors - 1e-9)
        assert np.all(np.diff(rebuild.fitted_errors) <= 1e-12)


@given(EXAMPLES)
@few
def test_nothing_is_caught_at_rank_0_and_everything_at_the_highest(example: dict[str, Any]) -> None:
    rebuild = rebuild_example(**example, sweeps=1)
    assert rebuild.best_error(0) == rebuild.fitted_error(0) == 1
    assert rebuild.best_error(rebuild.highest_rank + 1) == pytest.approx(0, abs=1e-9)
    assert rebuild.fitted_error(rebuild.highest_rank + 1) == pytest.approx(0, abs=1e-9)


def test_nothing_is_missed_of_a_zero_update() -> None:
    """Of a single value, noise can be the very opposite of the low-rank part."""
    rebuild = rebuild_example(1, 1, 1, 1.0, 4, 1)
    assert rebuild.singular_values[0] == rebuild.best_error(1) == rebuild.fitted_error(1) == 0


def test_the_noise_is_what_the_true_rank_leaves() -> None:
    """A fresh noise of norm 0.1 against 1: at the true rank a little under 0.1 / √1.01 is left."""
    best = rebuild_example(256, 256, 4, 0.1, 0, 0).best_error(4)
    assert 0.95 * 0.1 / np.sqrt(1.01) < best < 0.1 / np.sqrt(1.01)


def test_a_seed_gives_the_same_example_again_and_another_seed_another() -> None:
    def first_value(seed: int) -> float:
        rebuild: Rebuild = rebuild_example(16, 16, 4, 0.1, seed, 1)
        return float(rebuild.singular_values[0])

    assert first_value(3) == first_value(3) != first_value(4)


@given(st.integers(2, 1_000_000), st.integers(2, 53_248))
def test_an_example_is_bounded_and_keeps_the_shape(ins: int, outs: int) -> None:
    size = example_size(ins, outs)
    assert size.in_features * size.out_features <= MAXIMUM_VALUES
    assert size.in_features == max(1, int(ins / size.reduction))
    assert size.out_features == max(1, int(outs / size.reduction))
    if ins * outs <= MAXIMUM_VALUES:
        assert (size.in_features, size.out_features, size.reduction) == (ins, outs, 1)


def test_a_rebuild_crosses_from_a_worker_unchanged() -> None:
    rebuild = rebuild_example(12, 8, 3, 0.1, 0, 1)
    crossed = decode(rebuild_example, encode(rebuild_example, rebuild))
    assert crossed.true_rank == rebuild.true_rank
    for name in ("singular_values", "best_errors", "fitted_errors"):
        np.testing.assert_array_equal(getattr(crossed, name), getattr(rebuild, name))
