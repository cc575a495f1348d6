"""What optimizers keep of each trained value, as their libraries' sources say."""

from __future__ import annotations

import pytest
from transformers.training_args import OptimizerNames

from lora_viz.choices.optimizers import OPTIMIZERS
from lora_viz.choices.scenario import Scenario
from lora_viz.memory.ask import simulate_step
from lora_viz.memory.report import MemoryReport
from lora_viz.memory.settings import step_settings

# every matrix has far more than 100,000 values, every vector has fewer
WIDE = "custom:2x512x8x1024x128"
# bytes for each trained value: two float32 moments, or two of a byte with 4 for each 256 values
BYTES = {
    "paged_adamw_32bit": 8,
    "paged_adamw_8bit": 2,
    "lion_32bit": 4,
    "lion_8bit": 1,
    "paged_lion_32bit": 4,
    "paged_lion_8bit": 1,
}


def report_of(name: str, dtype: str = "float32") -> MemoryReport:
    """A step of full fine-tuning, which trains matrices and vectors."""
    scenario = Scenario.make(
        {
            "model": WIDE,
            "method": "full",
            "optimizer": name,
            "seq_len": 8,
            "batch_size": 1,
            "base_dtype": dtype,
            "training_loop": "plain",
        }
    )
    return simulate_step(scenario.model, step_settings(scenario).as_arguments())


@pytest.mark.parametrize("name", [one.name for one in OPTIMIZERS.values() if one.trainer_name])
def test_trainer_knows_the_name(name: str) -> None:
    assert OPTIMIZERS[name].trainer_name in {one.value for one in OptimizerNames}


@pytest.mark.parametrize("name", BYTES)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_state_has_the_bytes_that_bitsandbytes_gives_it(name: str, dtype: str) -> None:
    report = report_of(name, dtype)
    state = report.paged + report.breakdown.get("optimizer", 0)
    constants = state - BYTES[name] * report.trainable_parameters
    moments = OPTIMIZERS[name].moments
    of_blocks = 4 / 256 * moments * report.trainable_parameters if "8bit" in name else 0
    # small tensors have float32 moments, and each storage is rounded up to 512 bytes
    assert constants == pytest.approx(of_blocks, abs=0.02 * state)


@pytest.mark.parametrize("name", ["paged_adamw_32bit", "paged_adamw_8bit", "paged_lion_32bit"])
def test_paged_state_is_in_none_of_the_other_numbers(name: str) -> None:
    plain = {
        "paged_adamw_32bit": "adamw_fused",
        "paged_adamw_8bit": "adamw_8bit",
        "paged_lion_32bit": "lion_32bit",
    }
    paged, on_card = report_of(name), report_of(plain[name])
    assert paged.paged > 0.9 * on_card.breakdown["optimizer"] * 0.98
    moved = on_card.peak_allocated - paged.peak_allocated
    assert moved == pytest.approx(paged.paged, rel=0.02)
    assert not on_card.paged
