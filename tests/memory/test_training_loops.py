"""What a training loop holds while it runs, held against transformers' own Trainer and torch."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from transformers import Trainer, TrainingArguments

from lora_viz.choices.scenario import Scenario
from lora_viz.memory.settings import step_settings
from lora_viz.memory.torch_step.optimizers import parameter_groups
from lora_viz.memory.torch_step.record import record_shallow
from lora_viz.memory.trace import Trace, rounded
from tests.memory.models import GPT2, GPT_BIGCODE, LLAMA
from tests.small_models import build

TOKENS, BATCH = 16, 2


class Watched(nn.Module):
    """A small model that remembers, without holding it, what it was given and what it made."""

    def __init__(self) -> None:
        super().__init__()
        self.inner: Any = build(LLAMA)
        self.inner.to(torch.bfloat16)
        self.autocast: list[bool] = []
        self.given: list[Any] = []
        self.made: list[Any] = []

    def forward(self, input_ids: torch.Tensor, labels: torch.Tensor) -> Any:
        self.autocast.append(torch.is_autocast_enabled("cpu"))
        self.given = [weakref.ref(input_ids), weakref.ref(labels)]
        outputs = self.inner(input_ids=input_ids, labels=labels)
        self.made = [weakref.ref(outputs["logits"])]
        outputs["loss"].register_hook(self._at_backward)
        return outputs

    def _at_backward(self, _gradient: torch.Tensor) -> None:
        self.logits_in_backward = [reference() is not None for reference in self.made]


@pytest.mark.parametrize("bf16", [False, True])
def test_what_trainer_holds_and_when_it_uses_autocast(bf16: bool, tmp_path: Path) -> None:
    """Weights in bfloat16 are no mixed precision; outputs go early, the batch stays."""
    model = Watched()
    example = {"input_ids": list(range(TOKENS)), "labels": list(range(TOKENS))}
    arguments = TrainingArguments(
        output_dir=str(tmp_path), max_steps=1, per_device_train_batch_size=BATCH, use_cpu=True,
        bf16=bf16, report_to=[], save_strategy="no", disable_tqdm=True, logging_strategy="no",
    )  # fmt: skip
    trainer = Trainer(model=model, args=arguments, train_dataset=[example] * BATCH)  # type: ignore[arg-type]
    optimizer: Any = trainer.create_optimizer()
    held: list[bool] = []
    optimizer.register_step_pre_hook(
        lambda *_: held.extend(reference() is not None for reference in model.given)
    )
    trainer.train()
    assert model.autocast == [bf16]
    assert model.logits_in_backward == [False]
    assert held == [True, True]


@pytest.mark.parametrize("config", [GPT2, LLAMA, GPT_BIGCODE], ids=lambda c: c["model_type"])
def test_groups_are_those_of_trainer(config: dict[str, Any], tmp_path: Path) -> None:
    model: Any = build(config)
    arguments = TrainingArguments(output_dir=str(tmp_path), use_cpu=True, report_to=[])
    optimizer: Any = Trainer(model=model, args=arguments).create_optimizer()
    of_trainer = [{id(p) for p in group["params"]} for group in optimizer.param_groups]
    groups = parameter_groups(model, "trainer")
    assert [{id(p) for p in group["params"]} for group in groups] == of_trainer
    (everything,) = parameter_groups(model, "plain")
    assert {id(p) for p in everything["params"]} == set().union(*of_trainer)


@pytest.mark.parametrize("fused", [False, True])
def test_adamw_counts_its_steps_on_the_host_unless_it_is_fused(fused: bool) -> None:
    """torch itself on a device that is not the host, then what the simulated step counts."""
    parameter = nn.Parameter(torch.empty(4, device="meta"))
    parameter.grad = torch.empty_like(parameter)
    if not fused:  # torch refuses the fused one there
        optimizer = torch.optim.AdamW([parameter], foreach=True)
        optimizer.step()
        assert optimizer.state[parameter]["step"].device.type == "cpu"
    trace = _recorded(LLAMA, optimizer="adamw_fused" if fused else "adamw")
    sizes = [rounded(p.numel() * p.element_size()) for p in build(LLAMA).parameters()]
    counters = len(sizes) * rounded(1) if fused else 0
    made = [a.bytes for a in trace.allocations if a.kind == "optimizer"]
    assert sum(made) == 2 * sum(sizes) + counters


def test_trainer_without_autocast_is_a_plain_loop_that_frees_its_outputs() -> None:
    """When the backward pass begins, they differ by the logits, which are in bfloat16."""
    ways = {
        "plain": {"training_loop": "plain"},
        "trainer, no autocast": {"training_loop": "trainer", "mixed_precision": "none"},
        "trainer": {"training_loop": "trainer"},
    }
    loops = {name: _recorded(LLAMA, base_dtype="bfloat16", **way) for name, way in ways.items()}
    made = {loop: [a.bytes for a in trace.allocations] for loop, trace in loops.items()}
    assert sorted(made["plain"]) == sorted(made["trainer, no autocast"])
    assert sum(made["trainer"]) > sum(made["plain"])
    alive = {loop: _alive_when_backward_begins(trace) for loop, trace in loops.items()}
    logits = rounded(BATCH * TOKENS * LLAMA["vocab_size"] * 2)
    assert alive["plain"] - alive["trainer, no autocast"] == logits


def _recorded(config: dict[str, Any], **choices: Any) -> Trace:
    settings = step_settings(
        Scenario.make({"method": "full", "batch_size": BATCH, "seq_len": TOKENS} | choices)
    )
    return record_shallow(config, settings, context=0).trace


def _alive_when_backward_begins(trace: Trace) -> int:
    alive = 0
    for event in trace.events:
        if trace.segments[event.segment].phase == "backward":
            break
        alive += (-1 if event.frees else 1) * trace.allocations[event.allocation].bytes
    return alive
