"""What PEFT writes: `adapter_config.json`.

Its keys are the fields of `peft.LoraConfig`
(https://huggingface.co/docs/peft/package_reference/lora).
"""

from __future__ import annotations

from typing import Any

from lora_viz.choices.declaration import as_shown
from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.i18n import N_
from lora_viz.imports.reading import FileKind, Values
from lora_viz.imports.rules import (
    FURTHER_OF_PEFT,
    NO_SETTING,
    NOTHING,
    OF_ADAPTER,
    Rule,
    Taken,
    idle,
    model_named,
    sets,
    switches,
    target_list,
    when_declared,
    without_setting,
)
from lora_viz.models.catalogue import catalogue
from lora_viz.models.hub_names import catalogue_key

# Which layers PEFT adapts where it is told none, by the type of the models in the catalogue
# (`peft.utils.constants.TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING`).
PEFT_TARGETS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("llama", "mistral", "mixtral", "opt"), ("q_proj", "v_proj")),
    **dict.fromkeys(("qwen2", "qwen3", "gemma2", "gemma3_text"), ("q_proj", "v_proj")),
    **dict.fromkeys(("bert", "roberta"), ("query", "value")),
    "gpt2": ("c_attn",),
    "gpt_neox": ("query_key_value",),
    "t5": ("q", "v"),
}


def lora_only(value: Any) -> Taken:
    """The method is LoRA. Raises `UserError` where it is another of PEFT's."""
    if str(value).upper() != "LORA":
        raise UserError(N_("LoRA Viz knows adapters of LoRA, not of %s."), as_shown(value))
    return Taken({"method": "lora"})


def starts_from(value: Any) -> Taken:
    """How A and B begin, which changes no number where it changes neither file nor weights."""
    if "init_lora_weights" in Scenario.model_fields:
        return when_declared("init_lora_weights")(
            str(value).lower() if isinstance(value, bool) else value
        )
    if value in (True, False, None, "gaussian"):
        return idle(value)
    raise UserError(NO_SETTING)


def head_of(value: Any) -> Taken:
    """The task of PEFT, which decides what head is trained in full."""
    if "task_type" not in Scenario.model_fields and value in (None, "CAUSAL_LM", "SEQ_2_SEQ_LM"):
        return NOTHING
    return when_declared("task_type")(value)


def targets_or_peft_s(value: Any) -> Taken:
    """The target modules; where there are none, PEFT's, which only the model's type tells."""
    if value is None:
        raise UserError(
            N_("PEFT chooses the layers by the model's type here; choose them in the sidebar.")
        )
    return target_list(value)


WITHOUT_SETTING = (
    "megatron_config",
    "loftq_config",
    "eva_config",
    "corda_config",
    "lora_ga_config",
    "velora_config",
    "alora_invocation_tokens",
    "use_qalora",
    "monteclora_config",
    "layer_replication",
    "use_bdlora",
    "arrow_config",
    "kasa_config",
)
ADAPTER_RULES: dict[str, Rule] = {
    "peft_type": lora_only,
    "base_model_name_or_path": model_named,
    "r": sets("rank"),
    "lora_alpha": sets("alpha"),
    "lora_dropout": sets("dropout"),
    "target_modules": targets_or_peft_s,
    "bias": sets("bias"),
    "use_rslora": switches("rslora"),
    "use_dora": switches("dora"),
    "task_type": head_of,
    **{name: when_declared(name) for name in FURTHER_OF_PEFT},
    "init_lora_weights": starts_from,
    **{name: without_setting() for name in WITHOUT_SETTING},
}


def targets_of_peft(model: Any) -> tuple[str, ...] | None:
    """What PEFT adapts in a model where it is told nothing; None where that is not known here."""
    name = model if isinstance(model, str) else ""
    key = catalogue_key(name) or catalogue_key(name.rstrip("/").rpartition("/")[2])
    return PEFT_TARGETS.get(catalogue()[key].config["model_type"]) if key else None


def _defaults(given: Values) -> Values:
    """What `LoraConfig` takes for what it is not told; older versions wrote fewer keys."""
    targets = targets_of_peft(given.get("base_model_name_or_path"))
    return ({"target_modules": targets} if targets else {}) | {
        "r": 8,
        "lora_alpha": 8,
        "lora_dropout": 0.0,
        "bias": "none",
        "use_rslora": False,
        "use_dora": False,
    }


def _is_adapter(values: Values) -> bool:
    return "peft_type" in values or {"r", "lora_alpha"} <= set(values)


ADAPTER_CONFIG = FileKind(
    "adapter_config.json",
    _is_adapter,
    ADAPTER_RULES,
    idle=(
        "auto_mapping", "fan_in_fan_out", "inference_mode", "megatron_core", "peft_version",
        "qalora_group_size", "revision",
    ),
    defaults=_defaults,
    resets=OF_ADAPTER,
)  # fmt: skip
