"""How a model gets onto the device, held against what transformers itself allocates there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from transformers import modeling_utils

from lora_viz.choices.scenario import Scenario
from lora_viz.memory.allocator import CachingAllocator
from lora_viz.memory.settings import step_settings
from lora_viz.memory.torch_step.four_bits import Linear4bit
from lora_viz.memory.torch_step.loading import warm_up_allocator
from lora_viz.memory.torch_step.record import record_shallow
from lora_viz.memory.torch_step.recorder import Recorder
from lora_viz.memory.torch_step.stand_in import prepare_model, set_attention
from lora_viz.memory.trace import rounded
from lora_viz.models.meta import build_meta_model
from tests.memory.models import LLAMA, QWEN2, targets


@pytest.mark.parametrize("config", [LLAMA, QWEN2], ids=["untied", "tied"])
def test_the_block_that_loading_starts_with_is_as_large_as_transformers_makes_it(
    config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`caching_allocator_warmup` itself runs, for a device that only notes what is asked of it."""
    scenario = Scenario.make({"method": "qlora", "target_modules": targets(config)})
    settings = step_settings(scenario.changed(base_dtype="bfloat16"))
    stand_in = prepare_model(build_meta_model(config), settings, settings.lora_choices)
    with FakeTensorMode(), (recorder := Recorder()):
        warm_up_allocator(stand_in.base, {})

    sizes: list[int] = []

    def empty(size: int, dtype: torch.dtype, **_: Any) -> None:
        sizes.append(size * dtype.itemsize)

    model = build_meta_model(config).to(torch.bfloat16)  # type: ignore[arg-type]
    packed = {
        name.replace(".base_layer", "") + ".weight"
        for name, module in stand_in.base.named_modules()
        if isinstance(module, Linear4bit)
    }
    quantizer = SimpleNamespace(
        param_element_size=lambda _model, name, parameter: (
            0.5 if name in packed else parameter.element_size()
        )
    )
    device = SimpleNamespace(
        mem_get_info=lambda _index: (2**40, 2**40),
        memory_reserved=lambda _index: 0,
        memory_allocated=lambda _index: 0,
    )
    monkeypatch.setattr(torch, "cuda", device)
    monkeypatch.setattr(torch, "empty", empty)
    places = {name: "cuda:0" for name, _ in model.named_parameters(remove_duplicate=False)}
    modeling_utils.caching_allocator_warmup(model, places, quantizer)  # type: ignore[arg-type]
    (block,) = recorder.trace.allocations
    assert [-(-size // 512) * 512 for size in sizes] == [block.bytes]


def test_a_shallow_model_warms_the_allocator_up_for_the_whole_one() -> None:
    scenario = Scenario.make({"method": "qlora", "target_modules": "q_proj", "seq_len": 16})
    deep = LLAMA | {"num_hidden_layers": 9}
    blocks = [
        record_shallow(deep, step_settings(scenario), context).trace.allocations[0].bytes
        for context in (0, 1)
    ]
    assert blocks[0] == blocks[1] > 0


def test_weights_are_cut_out_of_the_block_that_was_freed() -> None:
    allocator = CachingAllocator()
    allocator.release(allocator.allocate(64 * 2**20))
    for _ in range(8):
        allocator.allocate(7 * 2**20 + 2**19)
    assert allocator.reserved == 64 * 2**20
    assert allocator.allocated == 60 * 2**20


def test_nested_statistics_of_all_weights_share_one_table() -> None:
    """bitsandbytes/functional.py keeps it in `name2qmap["dynamic"]`; all else is each weight's."""
    values = {"method": "qlora", "target_modules": targets(LLAMA), "double_quant": True}
    settings = step_settings(Scenario.make(values))
    trace = record_shallow(LLAMA, settings, context=0).trace
    sizes = [p.numel() for name, p in build_meta_model(LLAMA).named_parameters() if "proj" in name]
    constants = sum(
        rounded(16 * 4) + rounded(4) + rounded(size // 64) + rounded(-(-size // (64 * 256)) * 4)
        for size in sizes
    )
    made = [a.bytes for a in trace.allocations if a.kind == "quantization"]
    assert sum(made) == constants + 256 * 4


def test_flags_that_older_models_keep_of_their_attention_follow_the_choice() -> None:
    """gpt_bigcode in transformers 4.48 builds a mask of all pairs of tokens by these."""
    model: Any = build_meta_model(LLAMA)
    model.model._use_sdpa, model.model._use_flash_attention_2 = True, False
    set_attention(model, "flash_attention_2")
    assert (model.model._use_sdpa, model.model._use_flash_attention_2) == (False, True)
