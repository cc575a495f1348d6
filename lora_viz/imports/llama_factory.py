"""The YAML of LLaMA-Factory (`llamafactory-cli train`).

Its keys are those of its model, data, fine-tuning and training arguments
(https://llamafactory.readthedocs.io/en/latest/advanced/arguments.html).
"""

from __future__ import annotations

from typing import Any

from lora_viz.errors import UserError
from lora_viz.imports.reading import FileKind, Values
from lora_viz.imports.rules import (
    ATTENTION_BY_NAME,
    NO_SETTING,
    NOTHING,
    OF_TRAINING,
    OTHER_KERNELS,
    Rule,
    Taken,
    begins_as,
    computes_loss,
    is_on,
    loads_and_mixes_in,
    loads_in,
    model_named,
    one_of,
    packs_sequences,
    sets,
    switches,
    targets_between_commas,
    when_declared,
    without_setting,
)
from lora_viz.imports.transformers_files import IMPLIED, TRAINER_IDLE, TRAINER_RULES

MARKS = ("finetuning_type", "lora_target", "cutoff_len", "quantization_bit", "template", "stage")


def _method(value: Any) -> Taken:
    if value not in ("lora", "full"):
        raise UserError(NO_SETTING)
    return Taken({"method": value})


def _bits(value: Any) -> Taken:
    if value is None:
        return NOTHING
    if str(value) != "4":
        raise UserError(NO_SETTING)
    return Taken({"quantization": "nf4"})


def _without_checkpoints(value: Any) -> Taken:
    return Taken({"gradient_checkpointing": not is_on(value)})


def _packs(value: Any) -> Taken:
    """Texts cut into rows, in which one text sees the other; “neat_packing” keeps them apart."""
    return NOTHING if value is None else Taken({"padding": not is_on(value)})


def _checkpoints_on_the_host(value: Any) -> Taken:
    if not is_on(value):
        return NOTHING
    return Taken({"gradient_checkpointing": True, "offloading": "checkpoints"})


def _norms_in_float32(value: Any) -> Taken:
    """LLaMA-Factory prepares no packed model as PEFT does: it casts norms if asked, or nothing."""
    return Taken({"kbit_preparation": "norms" if is_on(value) else "none"})


def _saved(value: Any) -> Taken:
    if isinstance(value, str):
        value = [name.strip() for name in value.split(",") if name.strip()]
    return when_declared("modules_to_save")(value)


LLAMA_FACTORY_RULES: dict[str, Rule] = {
    **TRAINER_RULES,
    "bf16": loads_and_mixes_in("bf16"),
    "fp16": loads_and_mixes_in("fp16"),
    "model_name_or_path": model_named,
    "quantization_bit": _bits,
    "quantization_method": without_setting("bitsandbytes", "bnb", "BNB"),
    "quantization_type": without_setting("nf4"),
    "double_quantization": switches("double_quant"),
    "finetuning_type": _method,
    "stage": without_setting("sft", "pt"),
    "lora_rank": sets("rank"),
    "lora_alpha": sets("alpha"),
    "lora_dropout": sets("dropout"),
    "lora_target": targets_between_commas,
    "additional_target": _saved,
    "use_rslora": switches("rslora"),
    "use_dora": switches("dora"),
    "cutoff_len": sets("seq_len"),
    "packing": _packs,
    "neat_packing": packs_sequences("rows"),
    "use_unsloth_gc": _checkpoints_on_the_host,
    "enable_liger_kernel": computes_loss("fused", OTHER_KERNELS),
    "flash_attn": one_of("attention", ATTENTION_BY_NAME),
    "disable_gradient_checkpointing": _without_checkpoints,
    "upcast_layernorm": _norms_in_float32,
    "pissa_init": begins_as("pissa"),
    "pure_bf16": loads_in("bfloat16", "adapter_dtype"),
    **dict.fromkeys(
        (
            "pissa_convert", "loraplus_lr_ratio", "use_unsloth",
            "upcast_lmhead_output", "use_galore", "use_apollo", "use_badam",
            "use_adam_mini", "use_muon", "use_llama_pro", "shift_attn", "mixture_of_depths",
            "resize_vocab", "new_special_tokens", "add_tokens",
            "adapter_name_or_path", "freeze_trainable_layers", "freeze_trainable_modules",
            "freeze_extra_modules", "use_dft_loss",
        ),
        without_setting(),
    ),
}  # fmt: skip
LLAMA_FACTORY_IDLE = (
    *TRAINER_IDLE,
    "buffer_size", "cache_dir", "create_new_adapter", "dataset*", "eval_dataset", "hf_hub_token",
    "image_*", "low_cpu_mem_usage", "loraplus_lr_embedding", "mask_history", "max_samples",
    "media_dir", "mix_strategy", "model_revision", "overwrite_cache", "pissa_iter", "plot_loss",
    "preprocessing_*", "ray_*", "rope_scaling", "split_special_tokens", "streaming", "swanlab_*",
    "template", "tokenized_path", "tool_format", "train_on_prompt", "trust_remote_code",
    "use_fast_tokenizer", "use_reentrant_gc", "use_swanlab", "val_size", "video_*",
    "enable_thinking", "ddp_timeout",
)  # fmt: skip


def _defaults(given: Values) -> Values:
    """What LLaMA-Factory takes where it is told nothing."""
    plain: dict[str, Any] = {
        "finetuning_type": "lora",
        "cutoff_len": 2048,
        "per_device_train_batch_size": 8,
        "gradient_accumulation_steps": 1,
        "disable_gradient_checkpointing": False,
        "upcast_layernorm": False,
        "max_grad_norm": 1.0,
        "optim": "adamw_torch_fused",
        "bf16": False,
    }
    if given.get("quantization_bit"):
        plain |= {"double_quantization": True}
    if given.get("finetuning_type", "lora") != "lora":
        return plain
    rank = given.get("lora_rank") or 8
    return plain | {
        "lora_rank": rank,
        "lora_alpha": 2 * rank if isinstance(rank, int) else None,
        "lora_dropout": 0.0,
        "lora_target": "all",
        "use_rslora": False,
        "use_dora": False,
    }


LLAMA_FACTORY = FileKind(
    "LLaMA-Factory",
    lambda values: "model_name_or_path" in values and any(mark in values for mark in MARKS),
    LLAMA_FACTORY_RULES,
    LLAMA_FACTORY_IDLE,
    IMPLIED,
    _defaults,
    resets=OF_TRAINING,
)
