"""DDP's buckets against torch's own reducer, and ZeRO's parts against what its paper says."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils._python_dispatch import TorchDispatchMode

from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.memory.settings import step_settings
from lora_viz.memory.torch_step.record import record_shallow
from lora_viz.memory.torch_step.several_cards.ddp import bucket_bytes
from lora_viz.memory.torch_step.several_cards.group import first_of_cards
from lora_viz.memory.torch_step.several_cards.whole_model import Weight
from lora_viz.memory.torch_step.simulate import simulate, step_of_blocks
from lora_viz.memory.trace import Trace
from tests.memory.models import LLAMA, QWEN2


class _Rows(nn.Module):
    def __init__(self, sizes: list[int]) -> None:
        super().__init__()
        self.rows = nn.ParameterList(nn.Parameter(torch.empty(size)) for size in sizes)

    def forward(self) -> torch.Tensor:
        return torch.stack([row.sum() for row in self.rows]).sum()


class _Buckets(TorchDispatchMode):
    """Sees what torch's reducer, which is C++, allocates."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if func is torch.ops.aten.empty.memory_format and result.is_floating_point():
            self.sizes.append(result.nbytes)
        return result


@pytest.mark.parametrize("seed", range(3))
def test_buckets_are_those_of_torch_s_reducer(seed: int) -> None:
    chance = random.Random(seed)
    sizes = [chance.randrange(1, 4_000_000) for _ in range(chance.randrange(2, 12))]
    buckets = _Buckets()
    with first_of_cards(2):
        parallel = DistributedDataParallel(_Rows(sizes), init_sync=False)
        parallel.register_comm_hook(None, _leave_alone)
        parallel().backward()
        with buckets:
            parallel()
    trained = [Weight(size, 4, True, None, False) for size in sizes]
    assert sorted(bucket_bytes(trained)) == sorted(buckets.sizes)


def _leave_alone(_state, bucket):  # torch reads annotations, which are words here
    done: torch.futures.Future[torch.Tensor] = torch.futures.Future()
    done.set_result(bucket.buffer())
    return done


@pytest.mark.parametrize(
    ("sharding", "whole", "split"),
    [("zero1", 4, 12), ("zero2", 2, 14), ("zero3", 0, 16)],
)
@pytest.mark.parametrize("cards", [4, 64])
def test_model_states_are_those_of_the_paper(
    sharding: str, whole: int, split: int, cards: int
) -> None:
    """Rajbhandari et al. 2020, figure 1: 4Ψ + 12Ψ/N, 2Ψ + 14Ψ/N and 16Ψ/N bytes."""
    config = LLAMA | {"hidden_size": 512, "intermediate_size": 1408}
    settings = step_settings(
        Scenario.make(
            {
                "method": "full",
                "base_dtype": "bfloat16",
                "training_loop": "trainer",
                "sharding": sharding,
                "world_size": cards,
                "seq_len": 16,
            }
        )
    )
    parameters = record_shallow(config, settings, 1).trainable_parameters
    trace = step_of_blocks(config, settings, 1)[1]
    held = _most_of_the_model(trace)
    # weights of at most ten rows' values stay on every card, 512 bytes are the smallest part
    assert held == pytest.approx(parameters * (whole + split / cards), rel=0.03)


def _most_of_the_model(trace: Trace) -> int:
    """Weights, gradients and optimizer state when the backward pass ends, and moments later."""
    live: dict[int, int] = {}
    moments = 0
    for event in trace.events:
        made, phase = trace.allocations[event.allocation], trace.segments[event.segment].phase
        if phase in ("setup", "forward", "backward"):
            if event.frees:
                live.pop(event.allocation, None)
            elif made.kind in ("weights", "gradients", "optimizer"):
                live[event.allocation] = made.bytes
        elif not event.frees and made.kind == "optimizer":
            moments += made.bytes
    return sum(live.values()) + moments


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"sharding": "fsdp2", "cpu_offload": "optimizer"}, "FSDP2"),
        ({"sharding": "ddp", "cpu_offload": "all"}, "DDP"),
        ({"sharding": "zero3", "method": "qlora", "base_dtype": "bfloat16"}, "bfloat16"),
        ({"sharding": "fsdp2", "modules_to_save": ("lm_head",)}, "share a weight"),
    ],
)
def test_what_cannot_be_is_refused(choices: dict[str, Any], words: str) -> None:
    scenario = Scenario.make({"world_size": 2, "target_modules": ("q_proj",)} | choices)
    with pytest.raises(UserError, match=words):
        simulate(QWEN2, step_settings(scenario))
