"""The YAML of TRL's scripts (`trl sft --config`), and of recipes in its form.

Its keys are those of `trl.ModelConfig`, `SFTConfig` and `ScriptArguments`
(https://huggingface.co/docs/trl/sft_trainer, https://huggingface.co/docs/trl/main/en/script_utils).
"""

from __future__ import annotations

from typing import Any

from lora_viz.errors import UserError
from lora_viz.i18n import N_, Message
from lora_viz.imports.peft_files import targets_of_peft
from lora_viz.imports.reading import FileKind, Values
from lora_viz.imports.rules import (
    ATTENTION_BY_NAME,
    NO_SETTING,
    NOTHING,
    OF_TRAINING,
    Rule,
    Taken,
    is_on,
    model_named,
    one_of,
    packs_sequences,
    packs_weights,
    sets,
    sets_if,
    switches,
    targets_between_commas,
    weights_format,
    when_declared,
    without_setting,
)
from lora_viz.imports.transformers_files import IMPLIED, TRAINER_IDLE, TRAINER_RULES


def _with_peft(value: Any) -> Taken:
    return Taken({"method": "lora" if is_on(value) else "full"})


def _loss(value: Any) -> Taken:
    """TRL 1.16 computes its usual loss in chunks (`add_fused_lm_head`), under either name."""
    if value not in (None, "nll", "chunked_nll"):
        raise UserError(NO_SETTING)
    note = N_("As TRL 1.16 computes it; earlier versions held all logits for “nll”.")
    return Taken({"loss": "chunked"}, note=Message(note))


def _strategy(value: Any) -> Taken:
    """“wrapped” cuts texts into rows, in which one text sees the other."""
    return Taken({"packing": "none"}) if value == "wrapped" else NOTHING


TRL_RULES: dict[str, Rule] = {
    **TRAINER_RULES,
    "model_name_or_path": model_named,
    "dtype": weights_format,
    "torch_dtype": weights_format,
    "attn_implementation": one_of("attention", ATTENTION_BY_NAME),
    "use_flash_attention_2": sets_if("attention", "flash_attention_2"),
    "use_peft": _with_peft,
    "lora_r": sets("rank"),
    "lora_alpha": sets("alpha"),
    "lora_dropout": sets("dropout"),
    "lora_target_modules": targets_between_commas,
    "lora_target_parameters": when_declared("target_parameters"),
    "lora_modules_to_save": when_declared("modules_to_save"),
    "lora_task_type": when_declared("task_type", "CAUSAL_LM"),
    "use_rslora": switches("rslora"),
    "use_dora": switches("dora"),
    "load_in_4bit": packs_weights,
    "load_in_8bit": without_setting(),
    "bnb_4bit_quant_type": without_setting("nf4"),
    "use_bnb_nested_quant": switches("double_quant"),
    "max_length": sets("seq_len"),
    "max_seq_length": sets("seq_len"),
    "packing": packs_sequences("one_row"),
    "packing_strategy": _strategy,
    "padding_free": without_setting(),
    "use_liger_kernel": without_setting(),
    "loss_type": _loss,
}
TRL_IDLE = (
    *TRAINER_IDLE,
    "assistant_only_loss", "bnb_4bit_quant_storage", "chat_template*", "completion_only_loss",
    "dataset*", "eos_token", "eval_packing", "gradient_checkpointing_use_reentrant",
    "ignore_bias_buffers", "model_code_revision", "model_revision", "pad_to*", "pad_token",
    "preprocessing_num_workers", "shuffle_dataset", "system_prompt",
    "tokenizer_name_or_path", "truncation_*", "trust_remote_code",
)  # fmt: skip


def _defaults(given: Values) -> Values:
    """What the scripts take where they are told nothing."""
    plain: dict[str, Any] = {
        "use_peft": False,
        "load_in_4bit": False,
        "per_device_train_batch_size": 8,
        "gradient_accumulation_steps": 1,
        "gradient_checkpointing": True,
        "max_grad_norm": 1.0,
        "optim": "adamw_torch_fused",
        "loss_type": "nll",
    }
    if "max_seq_length" not in given:
        plain["max_length"] = 1024
    adapter = {
        "lora_r": 16,
        "lora_alpha": 32,
        "lora_dropout": 0.05,
        "lora_target_modules": targets_of_peft(given.get("model_name_or_path")),
        "use_rslora": False,
        "use_dora": False,
    }
    return plain | (adapter if given.get("use_peft") else {})


def _is_trl(values: Values) -> bool:
    names = ("use_peft", "lora_r", "lora_target_modules", "max_length", "max_seq_length", "packing")
    return "model_name_or_path" in values and any(
        name in values for name in (*names, "per_device_train_batch_size", "dataset_name")
    )


TRL = FileKind(
    "TRL",
    _is_trl,
    TRL_RULES,
    TRL_IDLE,
    IMPLIED,
    _defaults,
    resets=OF_TRAINING,
)
