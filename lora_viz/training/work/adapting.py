"""A scenario's method applied to a real model: PEFT's adapter around it, or all its weights."""

from __future__ import annotations

from typing import Any

import torch
from peft import prepare_model_for_kbit_training
from torch import nn

from lora_viz.adapter.from_peft import give_dtype, with_peft
from lora_viz.choices.scenario import Scenario


def adapt(base: Any, scenario: Scenario) -> Any:
    """The model to train: the base itself in full fine-tuning, else PEFT's model around it.

    Raises:
        UserError: no layer matches the target modules, or PEFT cannot adapt one that does.
    """
    if scenario.gradient_checkpointing:
        base.config.use_cache = False
    if not scenario.trains_adapter:
        return base
    if scenario.is_quantized:
        _prepare_packed(base, scenario)
    elif scenario.gradient_checkpointing:
        base.enable_input_require_grads()
    choices = scenario.lora_choices | {
        "r": scenario.rank,
        "task_type": "CAUSAL_LM",
        "init_lora_weights": scenario.initial_weights,
    }
    model = with_peft(base, choices)
    give_dtype(model, getattr(torch, scenario.adapter_dtype))
    return model


def trainable(model: nn.Module) -> int:
    """How many values are trained."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def _prepare_packed(base: Any, scenario: Scenario) -> None:
    """Which unpacked weights become float32 before training over 4-bit ones."""
    if scenario.kbit_preparation == "none":
        for parameter in base.parameters():
            parameter.requires_grad = False
        return
    prepare_model_for_kbit_training(
        base,
        use_gradient_checkpointing=scenario.gradient_checkpointing,
        gradient_checkpointing_kwargs={"use_reentrant": False},
    )
    if scenario.kbit_preparation == "norms":
        for module in (base.get_input_embeddings(), base.get_output_embeddings()):
            module.to(torch.bfloat16)
