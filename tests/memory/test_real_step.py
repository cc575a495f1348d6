"""The simulated step against a real one on this machine's CPU, as torch's profiler saw it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from peft import get_peft_model
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.profiler import ProfilerActivity, profile
from transformers.optimization import Adafactor

from lora_viz.adapter.from_peft import lora_config
from lora_viz.choices.scenario import Scenario
from lora_viz.memory.settings import step_settings
from lora_viz.memory.torch_step.inputs import make_inputs
from lora_viz.memory.torch_step.record import record_shallow
from tests.classifiers import classifier
from tests.memory.models import GPT2, GPT_BIGCODE, LLAMA, QWEN2, targets
from tests.small_models import build

BATCH, TOKENS = 8, 128
WIDE = {
    "gpt2": {"n_embd": 256, "n_layer": 3},
    "gpt_bigcode": {"n_embd": 256, "n_layer": 3},
    "llama": {"hidden_size": 256, "num_hidden_layers": 3},
    "qwen2": {"hidden_size": 256, "num_hidden_layers": 3},
}


@pytest.mark.parametrize(
    "config", [GPT2, GPT_BIGCODE, LLAMA, QWEN2], ids=lambda config: config["model_type"]
)
@pytest.mark.parametrize("method", ["lora", "full"])
def test_peak_is_that_of_a_real_step(config: dict[str, Any], method: str) -> None:
    config = config | WIDE[config["model_type"]]
    real = _real_peak(config, method)
    simulated = _simulated_peak(config, method)
    assert simulated == pytest.approx(real, rel=0.01)


@pytest.mark.parametrize(
    "further",
    [
        {"modules_to_save": "embed_tokens,lm_head"},
        {"modules_to_save": "embed_tokens,lm_head", "ensure_weight_tying": True},
        {"modules_to_save": "1.mlp,norm"},
        {"trainable_token_indices": "1,2,3"},
        {"layers_to_transform": "1", "lora_bias": True},
        {"rank_pattern": {r"layers\.1\..*q_proj": 100}, "exclude_modules": r".*2\..*"},
    ],
    ids=str,
)
def test_peak_with_further_settings_is_that_of_a_real_step(further: dict[str, Any]) -> None:
    config = QWEN2 | WIDE["qwen2"]
    choices = Scenario.make({"target_modules": targets(config)} | further).lora_choices
    real = _real_peak(config, "lora", choices=choices)
    assert _simulated_peak(config, "lora", **further) == pytest.approx(real, rel=0.01)


@pytest.mark.parametrize("task", ["SEQ_CLS", "TOKEN_CLS"])
def test_peak_of_a_classifier_is_that_of_a_real_step(task: str) -> None:
    wide = {"hidden_size": 256, "intermediate_size": 512, "max_position_embeddings": 200}
    no_dropout = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    config = classifier("Roberta", task, 5, **wide, **no_dropout)[0]
    assert _simulated_peak(config, "lora") == pytest.approx(_real_peak(config, "lora"), rel=0.01)


def test_attention_without_a_fused_kernel_keeps_what_torchs_own_keeps() -> None:
    """A card older than Ampere has no fused kernel for bfloat16."""
    config = LLAMA | WIDE["llama"]
    with sdpa_kernel(SDPBackend.MATH):
        real = _real_peak(config, "full", torch.bfloat16)
    simulated = _simulated_peak(config, "full", base_dtype="bfloat16", gpu="T4")
    assert simulated == pytest.approx(real, rel=0.01)


@pytest.mark.parametrize("method", ["lora", "full"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_peak_under_mixed_precision_is_that_of_a_real_step(method: str, dtype: str) -> None:
    """Weights in float32 are cast for each use, and the casts of trained ones are kept."""
    config = LLAMA | WIDE["llama"]
    real = _real_peak(config, method, getattr(torch, dtype), autocast=True)
    simulated = _simulated_peak(
        config, method, base_dtype=dtype, mixed_precision="bf16", training_loop="plain"
    )
    assert simulated == pytest.approx(real, rel=0.01)


@pytest.mark.parametrize("method", ["lora", "full"])
def test_peak_with_adafactor_is_that_of_a_real_step(method: str) -> None:
    config = LLAMA | WIDE["llama"]

    def adafactor(trainable: Any) -> torch.optim.Optimizer:
        return Adafactor(trainable, lr=1e-3, scale_parameter=False, relative_step=False)

    real = _real_peak(config, method, optimizer_of=adafactor)
    simulated = _simulated_peak(config, method, optimizer="adafactor")
    assert simulated == pytest.approx(real, rel=0.01)


def _adamw(trainable: Any) -> torch.optim.Optimizer:
    return torch.optim.AdamW(trainable, foreach=True)


def _real_peak(
    config: dict[str, Any],
    method: str,
    dtype: torch.dtype = torch.float32,
    choices: dict[str, Any] | None = None,
    autocast: bool = False,
    optimizer_of: Callable[[Any], torch.optim.Optimizer] = _adamw,
) -> int:
    """Bytes over what was there before, at the highest, from the profiler's own record."""
    model: Any = build(config)
    base = model
    model.to(dtype)
    if method == "lora":
        chosen = choices or {"target_modules": targets(config).split(",")}
        model = get_peft_model(model, lora_config(model, **chosen, r=8))
    inputs = make_inputs(base, step_settings(Scenario(batch_size=BATCH, seq_len=TOKENS)))
    inputs["input_ids"] = torch.randint(2, config["vocab_size"], (BATCH, TOKENS))
    del inputs["attention_mask"]
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = optimizer_of(trainable)

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            outputs = model(**inputs)
        outputs["loss"].backward()
        del outputs
        nn.utils.clip_grad_norm_(trainable, 1.0, foreach=True)
        optimizer.step()
        optimizer.zero_grad()

    step()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as recorded:
        step()
    alive = peak = 0
    results: Any = recorded.profiler
    for event in results.kineto_results.events():
        if event.name() == "[memory]":
            alive += event.nbytes()
            peak = max(peak, alive)
    return peak


def _simulated_peak(config: dict[str, Any], method: str, **choices: Any) -> int:
    """The same from the trace of the simulated step: storages made in the step and alive."""
    scenario = Scenario.make(
        {
            "method": method,
            "target_modules": targets(config),
            "batch_size": BATCH,
            "seq_len": TOKENS,
            **choices,
        }
    )
    trace = record_shallow(config, step_settings(scenario), context=0).trace
    alive = peak = 0
    for event in trace.events:
        made = trace.allocations[event.allocation]
        in_step = trace.segments[made.segment].phase != "setup"
        if in_step and made.kind not in ("workspaces", "optimizer"):
            alive += -made.bytes if event.frees else made.bytes
            peak = max(peak, alive)
    return peak
