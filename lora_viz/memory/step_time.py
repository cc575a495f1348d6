"""How long a training step takes, estimated from its operations and the card's published rates."""

from __future__ import annotations

from lora_viz.choices.scenario import Scenario
from lora_viz.memory.report import MemoryReport

# Assumed share of the card's peak rate, called model FLOPs utilisation where it is measured.
# Chowdhery et al. 2022 (PaLM, table 3) list 21 to 46 % for large models; a user's own run decides.
UTILISATION = 0.4
# what the forward and the backward pass both read
WEIGHTS = ("weights", "quantization", "adapter")


def step_seconds(
    report: MemoryReport, scenario: Scenario, utilisation: float = UTILISATION
) -> float:
    """Seconds for one step on the scenario's card, if it used this share of its peak rate.

    No less than the card's memory takes to be read: see `least_seconds`.
    """
    return max(
        seconds_at_peak_rate(report, scenario) / utilisation, least_seconds(report, scenario)
    )


def seconds_at_peak_rate(report: MemoryReport, scenario: Scenario) -> float:
    """Seconds for the operations of one step at the card's published peak rate."""
    card = scenario.card
    half = scenario.base_dtype != "float32"
    rate = (card.half_tflops if half else card.float32_tflops) * 1e12
    return scenario.gradient_accumulation * report.flops / rate


def least_seconds(report: MemoryReport, scenario: Scenario) -> float:
    """Seconds to read what a step has to read, at the card's published bandwidth.

    Every weight once in the forward and once in the backward pass, for each batch that is
    accumulated, and the optimizer's state once to be read and once to be written.
    """
    weights = sum(report.breakdown.get(kind, 0) for kind in WEIGHTS)
    state = report.breakdown.get("optimizer", 0)
    traffic = 2 * scenario.gradient_accumulation * weights + 2 * state
    return traffic / (scenario.card.bandwidth_gb_per_s * 1e9)


def tokens_per_second(
    report: MemoryReport, scenario: Scenario, utilisation: float = UTILISATION
) -> float:
    """Tokens that a second of training goes through at that rate, on all cards together.

    What cards exchange is taken to cost no time.
    """
    tokens = scenario.batch_size * scenario.seq_len * scenario.gradient_accumulation
    tokens *= scenario.world_size
    return tokens / step_seconds(report, scenario, utilisation)


def calibrated_utilisation(
    report: MemoryReport, scenario: Scenario, measured_seconds: float
) -> float:
    """The share of the peak rate that a run of one's own has used, from its seconds per step.

    More than 1 cannot be: then the run was another than the scenario, or on another card.
    """
    return seconds_at_peak_rate(report, scenario) / measured_seconds
