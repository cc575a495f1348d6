"""A few blocks of each kind stand for all, to the byte."""

from __future__ import annotations

from typing import Any

import pytest

from lora_viz.choices.scenario import Scenario
from lora_viz.memory.extend import NotAlikeError, extend
from lora_viz.memory.settings import step_settings
from lora_viz.memory.timeline import Timeline, play
from lora_viz.memory.torch_step.record import record_shallow
from lora_viz.memory.torch_step.simulate import CONTEXTS
from lora_viz.models.alike_blocks import choose
from tests.memory.models import GPT2, LLAMA, MIXTRAL, QWEN2, T5, targets

CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "gpt2 full": (GPT2, {"method": "full"}),
    "gpt2 dropout": (GPT2 | {"resid_pdrop": 0.1, "attn_pdrop": 0.1}, {"dropout": 0.1}),
    "llama checkpointed": (LLAMA, {"gradient_checkpointing": True, "base_dtype": "bfloat16"}),
    "llama trainer": (LLAMA, {"training_loop": "trainer", "base_dtype": "float16"}),
    "llama one block": (LLAMA, {"target_modules": r".*layers\.3\..*q_proj"}),
    "qwen2 qlora": (QWEN2, {"method": "qlora", "double_quant": True, "base_dtype": "bfloat16"}),
    "qwen2 qlora norms": (
        QWEN2,
        {"method": "qlora", "kbit_preparation": "norms", "base_dtype": "bfloat16"},
    ),
    "qwen2 dora padded": (QWEN2, {"dora": True, "padding": True}),
    "llama accumulated sgd": (LLAMA, {"gradient_accumulation": 4, "optimizer": "sgd"}),
    "llama full fused": (LLAMA, {"method": "full", "optimizer": "adamw_fused"}),
    "gpt2 full 8-bit": (GPT2, {"method": "full", "optimizer": "adamw_8bit"}),
    "llama flash": (LLAMA, {"attention": "flash_attention_2", "base_dtype": "bfloat16"}),
    "t5": (T5, {}),
    "mixtral": (MIXTRAL, {"base_dtype": "bfloat16"}),
}


@pytest.mark.parametrize("name", CASES)
def test_extended_trace_plays_like_the_full_one(name: str) -> None:
    config, choices = CASES[name]
    whole, _ = _played(config, choices, 0)
    for context in CONTEXTS[:-1]:
        try:
            extended, blocks = _played(config, choices, context)
        except NotAlikeError:
            continue
        assert extended.peaks == whole.peaks
        assert extended.at_peak.bytes_by_kind == whole.at_peak.bytes_by_kind
        assert extended.reserved == whole.reserved
        assert blocks <= 12
        return
    pytest.fail("no context lets blocks stand for one another")


def _played(config: dict[str, Any], choices: dict[str, Any], context: int) -> tuple[Timeline, int]:
    values = {"batch_size": 2, "seq_len": 64, "target_modules": targets(config)} | choices
    deep = config | {key: 9 for key in config if key in ("n_layer", "num_hidden_layers")}
    recorded = record_shallow(deep, step_settings(Scenario.make(values)), context)
    trace = extend(recorded.trace, recorded.depths) if context else recorded.trace
    return play(trace), sum(depth.kept for depth in recorded.depths)


def test_alike_blocks_are_cut_out_and_each_stands_for_its_kind() -> None:
    kept, stands_in = choose([("a",)] * 10, 1)
    assert kept[0] == 0 and kept[-1] == 9 and len(kept) == 3
    assert stands_in == (0, *[1] * 8, 2)


def test_alternating_blocks_keep_every_neighbourhood() -> None:
    kinds = [("a",), ("b",)] * 6
    kept, stands_in = choose(kinds, 1)
    assert len(kept) == 4
    assert [kinds[kept[place]] for place in stands_in] == kinds
