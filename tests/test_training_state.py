"""Bytes of a model's training state, held against real optimizers and the explainer's figures."""

from __future__ import annotations

import pytest
import torch

from lora_viz.adapter import read_adapter_layout
from lora_viz.architecture import read_architecture
from lora_viz.hardware import gpus
from lora_viz.scenario import Scenario
from lora_viz.training_state import training_state

from .small_models import build

SMALL = {"model_type": "gpt2", "n_layer": 2, "n_embd": 32, "n_head": 2, "vocab_size": 90}
NAME = "custom:2x32x2x90x1024"
SHORT = Scenario(target_modules=("c_attn", "c_proj"))


def test_full_fine_tuning_keeps_what_a_real_adamw_keeps() -> None:
    model = build(SMALL)
    optimizer = torch.optim.AdamW(model.parameters())
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    moments = [
        value
        for state in optimizer.state.values()
        for name, value in state.items()
        if name != "step"
    ]
    layout = read_adapter_layout(NAME, ("c_attn",))
    state = training_state("full", Scenario(model=NAME), read_architecture(NAME), layout)
    assert state.optimizer == sum(moment.nbytes for moment in moments)
    assert state.gradients == sum(p.grad.nbytes for p in model.parameters() if p.grad is not None)


def test_the_explainers_sizes_come_out() -> None:
    layout = read_adapter_layout("gpt2", SHORT.target_modules)
    architecture = read_architecture("gpt2")
    full = training_state("full", SHORT, architecture, layout)
    lora = training_state("lora", SHORT, architecture, layout)
    assert [round(part / 1e6) for part in (full.weights, full.optimizer)] == [498, 996]
    assert lora.adapter / 1e6 == pytest.approx(3.244, abs=5e-4)
    assert lora.optimizer / 1e6 == pytest.approx(6.488, abs=5e-4)
    assert lora.weights == full.weights


def test_qlora_packs_the_blocks_linear_layers_into_half_a_byte() -> None:
    layout = read_adapter_layout("gpt2", SHORT.target_modules)
    state = training_state("qlora", SHORT, read_architecture("gpt2"), layout)
    packed = 12 * (768 * 2304 + 768 * 768 + 2 * 768 * 3072)
    assert state.weights == (124_439_808 - packed) * 4 + packed // 2
    assert state.quantization == packed // 64 * 4


def test_the_table_of_cards_holds_the_explainers_8_gb() -> None:
    assert gpus()[Scenario().gpu] == 8 * 2**30
    assert len(gpus()) >= 20
