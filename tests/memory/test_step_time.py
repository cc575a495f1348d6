"""Seconds per step, held against published rates and utilisations."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lora_viz.choices.scenario import Scenario
from lora_viz.memory.report import MemoryReport
from lora_viz.memory.step_time import (
    calibrated_utilisation,
    least_seconds,
    step_seconds,
    tokens_per_second,
)

# 6 operations a parameter and token, as Kaplan et al. 2020 (arXiv:2001.08361) count them
A100_RUN = Scenario(
    model="llama-2-7b", method="full", base_dtype="bfloat16", gpu="A100 80 GB", seq_len=4096
)
TOKENS = A100_RUN.batch_size * A100_RUN.seq_len


def report_of(flops: float, weights: int = 0) -> MemoryReport:
    return MemoryReport(
        peak_allocated=weights,
        peak_phase="forward",
        phases={},
        breakdown={"weights": weights},
        reserved_low=weights,
        reserved_high=weights,
        curve=[],
        paged=0,
        trainable_parameters=0,
        flops=flops,
        blocks_simulated=1,
        blocks=1,
        software={},
    )


def test_llama_2_7b_takes_the_gpu_hours_that_meta_published() -> None:
    """Touvron et al. 2023 (arXiv:2307.09288, table 2): 184,320 A100 hours for 2.0e12 tokens."""
    report = report_of(6 * 6.738e9 * TOKENS)
    hours = 2.0e12 / TOKENS * step_seconds(report, A100_RUN, 1.0) / 3600
    utilisation = hours / 184_320
    assert 0.3 < utilisation < 0.5  # where other large models were measured, too
    measured = TOKENS / (2.0e12 / (184_320 * 3600))
    assert calibrated_utilisation(report, A100_RUN, measured) == pytest.approx(utilisation)


@settings(max_examples=50)
@given(st.floats(1e-3, 1e4), st.floats(1e9, 1e18))
def test_a_calibrated_estimate_says_what_was_measured(measured: float, flops: float) -> None:
    report = report_of(flops)
    utilisation = calibrated_utilisation(report, A100_RUN, measured)
    assert step_seconds(report, A100_RUN, utilisation) == pytest.approx(measured)
    assert tokens_per_second(report, A100_RUN, utilisation) == pytest.approx(TOKENS / measured)


def test_no_step_is_faster_than_its_weights_can_be_read() -> None:
    weights = int(2.039e12)  # what the card reads in a second
    report = report_of(1.0, weights)
    assert least_seconds(report, A100_RUN) == pytest.approx(2.0)
    assert step_seconds(report, A100_RUN) == pytest.approx(2.0)
    twice = A100_RUN.changed(gradient_accumulation=2)
    assert step_seconds(report, twice) == pytest.approx(4.0)


def test_the_optimizers_state_is_read_and_written_once() -> None:
    report = replace(report_of(1.0), breakdown={"optimizer": int(2.039e12)})
    assert least_seconds(report, A100_RUN) == pytest.approx(2.0)


def test_float32_runs_at_its_own_rate() -> None:
    report = report_of(19.5e12)
    assert step_seconds(report, A100_RUN.changed(base_dtype="float32"), 1.0) == pytest.approx(1.0)
    assert step_seconds(report, A100_RUN, 1.0) == pytest.approx(19.5 / 312)
