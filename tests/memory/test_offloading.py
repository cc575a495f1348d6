"""Activations and checkpoints on the host, held against real steps under the libraries' files."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from lora_viz.choices.scenario import Scenario
from lora_viz.memory.extend import extend
from lora_viz.memory.settings import step_settings
from lora_viz.memory.timeline import play
from lora_viz.memory.torch_step.offloading.activations import activations_offloaded
from lora_viz.memory.torch_step.offloading.checkpoints import offload_checkpoints
from lora_viz.memory.torch_step.record import record_shallow
from lora_viz.memory.torch_step.simulate import OFFLOADED_REACH
from tests.memory.live import Live, run_file
from tests.memory.models import LLAMA
from tests.small_models import build

TINY = LLAMA | {"num_hidden_layers": 7, "vocab_size": 101, "hidden_size": 64}


def named(storage: Any) -> object:
    """What a storage alone has: an address may be another one's before, which is chance."""
    if not hasattr(storage, "name"):
        storage.name = object()
    return storage.name


class Nothing:
    """A stream or an event, which takes no memory."""

    def __getattr__(self, _name: str) -> Any:
        return lambda *_, **__: Nothing()


def trls_offloading(model: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """TRL's context over this model; the meta device is the host, which is not counted."""
    device = SimpleNamespace(type="cpu")
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda: device)
    streams = SimpleNamespace(
        Stream=Nothing, current_stream=Nothing, stream=lambda _stream: nullcontext()
    )
    monkeypatch.setattr(torch, "get_device_module", lambda _type: streams)
    file = run_file(
        "trl_activation_offloading",
        monkeypatch,
        {"psutil": {"virtual_memory": lambda: SimpleNamespace(percent=0.0)}},
        replaced={
            'device="cpu"': 'device="meta"',
            "actual_tensor.untyped_storage().data_ptr() + actual_tensor.storage_offset()":
                "(named(actual_tensor.untyped_storage()), actual_tensor.storage_offset())",
            "maybe_accelerator_tensor.to(self.accelerator_type, non_blocking=True)":
                "torch.empty_like(maybe_accelerator_tensor, device='cpu')",
            "unpacked_tensor.record_stream(self.s0)": "pass",
        },
        named=named,
    )  # fmt: skip
    return file["get_act_offloading_ctx_manager"](model, use_pin_memory=False)


def step(model: Any, context: Any, inputs: dict[str, torch.Tensor]) -> tuple[int, int, int]:
    """The most bytes of the forward pass, those that it leaves, and the most of the backward."""
    weights = (*model.parameters(), *model.buffers(), *inputs.values())
    with Live(*weights) as live, context:
        loss = model(**inputs, use_cache=False).loss
        forward = live.most, live.bytes
        live.most = live.bytes
        loss.backward()  # within, as in `training_step` of TRL's trainers
    return *forward, live.most


@pytest.mark.parametrize("is_checkpointed", [False, True])
def test_activations_on_the_host_are_those_that_trl_moves(
    is_checkpointed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = {name: torch.ones((2, 32), dtype=torch.int64) for name in ("input_ids", "labels")}

    def model() -> Any:
        made = build(TINY).train()
        if is_checkpointed:
            made.gradient_checkpointing_enable({"use_reentrant": False})
        return made

    plain = model()
    without = step(plain, nullcontext(), inputs)
    real = model()
    theirs = step(real, trls_offloading(real, monkeypatch), inputs)
    ours = model()
    found = step(ours, activations_offloaded(ours, ours.get_output_embeddings()), inputs)
    assert found == pytest.approx(theirs, rel=0.001)
    assert found[1] < without[1]


def test_checkpoints_on_the_host_are_those_that_axolotl_moves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = run_file(
        "axolotl_offload_cpu",
        monkeypatch,
        {},
        replaced={
            '.to("cpu", non_blocking=True)': '.to("meta")',
            '.to("cuda", non_blocking=True)': "",
            "(hidden_states,) = ctx.saved_tensors":
                "hidden_states = torch.empty_like(ctx.saved_tensors[0], device='cpu')",
        },
    )  # fmt: skip
    inputs = {name: torch.ones((2, 32), dtype=torch.int64) for name in ("input_ids", "labels")}
    real, ours, plain = (build(TINY).train() for _ in range(3))
    for model in (real, ours, plain):
        model.gradient_checkpointing_enable({"use_reentrant": False})
    for module in real.modules():
        if hasattr(module, "_gradient_checkpointing_func"):
            module._gradient_checkpointing_func = file["CPU_Offloaded_Gradient_Checkpointer"].apply
    offload_checkpoints(ours)
    theirs = step(real, nullcontext(), inputs)
    found = step(ours, nullcontext(), inputs)
    assert found == pytest.approx(theirs, rel=0.001)
    hidden = 2 * 32 * TINY["hidden_size"] * 4
    saved = step(plain, nullcontext(), inputs)[1] - found[1]
    assert saved == pytest.approx(TINY["num_hidden_layers"] * hidden, abs=2 * hidden)


def test_a_simulated_step_with_offloading_holds_less_at_the_end_of_the_forward_pass() -> None:
    values = {"target_modules": "q_proj", "gradient_checkpointing": True, "seq_len": 256}
    kept = {}
    for how in Scenario.options("offloading"):
        settings = step_settings(Scenario.make(values | {"offloading": how}))
        trace = record_shallow(LLAMA, settings, 0).trace
        kept[how] = sum(one.bytes for one in trace.allocations if one.kind == "activations")
    hidden = 4 * 256 * LLAMA["hidden_size"] * 4
    assert kept["none"] - kept["checkpoints"] >= (LLAMA["num_hidden_layers"] - 1) * hidden
    assert kept["checkpoints"] <= kept["activations"] < kept["none"]


def test_some_blocks_stand_for_all_whose_activations_are_moved() -> None:
    deep = TINY | {"num_hidden_layers": 16}
    values: dict[str, Any] = {"target_modules": "q_proj", "seq_len": 64}
    values |= {"offloading": "activations", "gradient_checkpointing": True}
    settings = step_settings(Scenario.make(values))
    whole = play(record_shallow(deep, settings, 0).trace)
    few = record_shallow(deep, settings, OFFLOADED_REACH)
    assert sum(depth.kept for depth in few.depths) < deep["num_hidden_layers"]
    extended = play(extend(few.trace, few.depths, OFFLOADED_REACH))
    assert extended.peaks == whole.peaks and extended.reserved == whole.reserved
