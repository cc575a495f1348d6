"""Scenarios to write down, and another value of every field of one."""

from __future__ import annotations

from typing import Any

from lora_viz.choices.scenario import Scenario

CAUSAL = "LlamaForCausalLM"
QLORA = Scenario.make(
    {
        "model": "llama-3.1-8b",
        "method": "qlora",
        "base_dtype": "bfloat16",
        "training_loop": "trainer",
        "target_modules": ("q_proj", "v_proj"),
    }
)
# of fields that are neither a switch, a number nor one of a few words
OTHERS: dict[str, Any] = {
    "task_type": "SEQ_CLS",  # auto is CAUSAL_LM for this model
    "model": "llama-3.2-1b",
    "method": "lora",
    "target_modules": ("k_proj", "o_proj"),
    "gpu": "RTX 4090",
    "modules_to_save": ("lm_head",),
    "trainable_token_indices": "[1,2]",
    "target_parameters": ("mlp.experts.gate_up_proj",),
    "layers_to_transform": (0, 1),
    "layers_pattern": ("layers",),
    "exclude_modules": ("lm_head",),
    "rank_pattern": '{"q_proj":4}',
    "alpha_pattern": '{"q_proj":4}',
    "lengths": (64, 128),
}


def other_value(field: str) -> Any:
    """A value of a field that `QLORA` does not have."""
    if field in OTHERS:
        return OTHERS[field]
    now = getattr(QLORA, field)
    if isinstance(now, bool):
        return not now
    options = [option for option in Scenario.options(field) if option != now]
    return options[0] if options else now + (1 if now + 1 <= Scenario.limits(field)[1] else 0.5)
