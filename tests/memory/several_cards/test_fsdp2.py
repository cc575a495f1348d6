"""FSDP2 in the simulated step against two real processes, and a few blocks against all."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from transformers import LlamaConfig

from lora_viz.choices.scenario import Scenario
from lora_viz.memory.settings import step_settings
from lora_viz.memory.timeline import play
from lora_viz.memory.torch_step.simulate import CONTEXTS, simulate, step_of_blocks
from lora_viz.memory.trace import Trace
from tests.memory.models import LLAMA
from tests.memory.several_cards import real_cards

Real = dict[str, dict[str, int]]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Real:
    """What two processes measured that trained over gloo with real tensors."""
    meeting = tmp_path_factory.mktemp("cards") / "meeting"
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", real_cards.__file__, str(rank), "2", str(meeting)],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            cwd=Path(__file__).parents[3],
        )
        for rank in range(2)
    ]
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    assert all(process.returncode == 0 for process in processes)
    return json.loads(next(line for line in outputs[0].splitlines() if line.startswith("{")))


def simulated(method: str) -> Trace:
    config = LlamaConfig(**real_cards.SHAPE, architectures=["LlamaForCausalLM"])
    values = json.loads(config.to_json_string(use_diff=False))
    scenario = Scenario.make(
        {
            "target_modules": ("q_proj", "v_proj"),
            "method": method,
            "rank": real_cards.RANK,
            "dropout": 0.0,
            "world_size": 2,
            "sharding": "fsdp2",
            "batch_size": real_cards.BATCH,
            "seq_len": real_cards.LENGTH,
            "attention": "eager",
        }
    )
    return step_of_blocks(values, step_settings(scenario), CONTEXTS[0])[1]


def live_at_end(trace: Trace) -> Counter[str]:
    """Bytes of each kind that nothing has freed."""
    freed = {event.allocation for event in trace.events if event.frees}
    live: Counter[str] = Counter()
    for number, made in enumerate(trace.allocations):
        live[made.kind] += 0 if number in freed else made.bytes
    return live


@pytest.mark.parametrize("method", ["lora", "full"])
def test_peak_and_parts_are_those_of_two_real_processes(real: Real, method: str) -> None:
    trace, found = simulated(method), real[method]
    at_peak = play(trace).at_peak
    # a CPU has no cuBLAS, which takes its workspace
    peak = at_peak.total - at_peak.bytes_by_kind["workspaces"]
    assert peak == pytest.approx(found["peak"], rel=0.01)
    end = live_at_end(trace)
    assert end["weights"] + end["adapter"] == found["weights"]
    assert end["optimizer"] == found["optimizer"]
    assert end["gradients"] == found["gradients"]


@pytest.mark.parametrize("seed", range(4))
def test_a_few_blocks_tell_what_all_do(seed: int) -> None:
    chance = random.Random(seed)
    method = chance.choice(("lora", "full", "qlora"))
    settings = step_settings(
        Scenario.make(
            {
                "target_modules": ("q_proj", "down_proj"),
                "method": method,
                "world_size": chance.choice((2, 3, 7, 64)),
                "sharding": chance.choice(("ddp", "fsdp2", "fsdp2", "zero1", "zero2", "zero3")),
                "base_dtype": "bfloat16",
                "quant_storage": "bfloat16",
                "training_loop": chance.choice(("plain", "trainer")),
                "gradient_checkpointing": chance.random() < 0.5,
                "gradient_accumulation": chance.choice((1, 3)),
                "seq_len": 64,
            }
        )
    )
    few, every = (step_of_blocks(LLAMA, settings, context) for context in (CONTEXTS[0], 0))
    assert sum(depth.kept for depth in few[0].depths) < LLAMA["num_hidden_layers"]
    of_few, of_all = play(few[1]), play(every[1])
    assert of_few.peaks == of_all.peaks
    assert of_few.at_peak.bytes_by_kind == of_all.at_peak.bytes_by_kind
    assert of_few.reserved == of_all.reserved


def test_one_card_knows_nothing_of_others() -> None:
    alone = step_settings(Scenario())
    for further in ({"sharding": "zero3", "cpu_offload": "all"}, {"sharding": "fsdp2"}):
        assert step_settings(Scenario.make(further)) == alone


def test_packed_weights_of_whole_numbers_stay_whole() -> None:
    """accelerate's `fsdp2_prepare_model` leaves them out, and says so in a warning."""

    def weights(storage: str, cards: int) -> int:
        chosen: dict[str, Any] = {"world_size": cards, "sharding": "fsdp2"}
        scenario = Scenario.make(
            chosen
            | {
                "method": "qlora",
                "target_modules": ("q_proj",),
                "base_dtype": "bfloat16",
                "kbit_preparation": "none",
                "quant_storage": storage,
                "seq_len": 16,
            }
        )
        return simulate(LLAMA, step_settings(scenario)).breakdown["weights"]

    packed = 6 * (2 * 128 * 128 + 2 * 128 * 64 + 3 * 128 * 352) // 2
    split = weights("bfloat16", 4)
    assert weights("uint8", 4) - split == pytest.approx(packed * 3 / 4, rel=0.01)
    assert weights("uint8", 1) == pytest.approx(weights("bfloat16", 1), rel=0.001)
