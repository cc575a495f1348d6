"""How long a training step takes, estimated from its operations and the card's published rates."""

from __future__ import annotations

from lora_viz.hardware import cards
from lora_viz.memory.simulate import MemoryReport
from lora_viz.scenario import Scenario

# Assumed share of the card's peak rate, called model FLOPs utilisation where it is measured.
# Chowdhery et al. 2022 (PaLM, table 3) list 21 to 46 % for large models; a user's own run decides.
UTILISATION = 0.4


def step_seconds(
    report: MemoryReport, scenario: Scenario, utilisation: float = UTILISATION
) -> float:
    """Seconds for one step on the scenario's card, if it used this share of its peak rate."""
    card = cards()[scenario.gpu]
    half = scenario.base_dtype != "float32"
    rate = (card.half_tflops if half else card.float32_tflops) * 1e12
    return scenario.gradient_accumulation * report.flops / (rate * utilisation)


def tokens_per_second(
    report: MemoryReport, scenario: Scenario, utilisation: float = UTILISATION
) -> float:
    """Tokens that a second of training goes through at that rate."""
    tokens = scenario.batch_size * scenario.seq_len * scenario.gradient_accumulation
    return tokens / step_seconds(report, scenario, utilisation)


def calibrated_utilisation(
    report: MemoryReport, scenario: Scenario, measured_tokens_per_second: float
) -> float:
    """The share of the peak rate that a run of one's own has used."""
    return measured_tokens_per_second / tokens_per_second(report, scenario, 1.0)
