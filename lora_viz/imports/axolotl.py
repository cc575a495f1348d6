"""The YAML of axolotl (`axolotl train`).

Its keys are those of its configuration (https://docs.axolotl.ai/docs/config-reference.html).
"""

from __future__ import annotations

from typing import Any

from lora_viz.choices.targets import ALL_LINEAR
from lora_viz.errors import UserError
from lora_viz.i18n import N_, Message
from lora_viz.imports.peft_files import starts_from, targets_of_peft
from lora_viz.imports.reading import FileKind, Values
from lora_viz.imports.rules import (
    ATTENTION_BY_NAME,
    NO_SETTING,
    NOTHING,
    OF_TRAINING,
    OPTIMIZERS_BY_NAME,
    Rule,
    Taken,
    checkpoints,
    clips,
    computes_loss,
    is_on,
    loads_and_mixes_in,
    loads_in,
    model_named,
    offloads,
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
from lora_viz.imports.transformers_files import IMPLIED

PLUGINS_OF_LOSSES = (
    "axolotl.integrations.liger.LigerPlugin",
    "axolotl.integrations.cut_cross_entropy.CutCrossEntropyPlugin",
)


def _adapter(value: Any) -> Taken:
    if not value:
        return Taken({"method": "full"})
    if value not in ("lora", "qlora"):
        raise UserError(NO_SETTING)
    return Taken({"method": value})


def _all_linear(value: Any) -> Taken:
    return Taken(targets=(ALL_LINEAR,)) if is_on(value) else NOTHING


def _plugins(value: Any) -> Taken:
    """Of axolotl's plugins those that only offer losses, which keys of their own switch on."""
    names = value if isinstance(value, list) else [value]
    if not all(name in PLUGINS_OF_LOSSES for name in names if name):
        raise UserError(NO_SETTING)
    return NOTHING


def _autocasts_adapter(value: Any) -> Taken:
    """Whether A and B are float32, as PEFT makes them; else they are in the weights' format."""
    if is_on(value):
        return Taken({"adapter_dtype": "float32"})
    return Taken(note=Message(N_("A and B are in the number format of the weights.")))


def _settle(given: Values, changes: dict[str, Any]) -> dict[str, Any]:
    """Number formats that several keys say together.

    Without bf16 and fp16 axolotl loads the weights in float32.
    """
    if "base_dtype" not in changes and given.get("bf16") is False and not given.get("fp16"):
        changes |= {"base_dtype": "float32"}
    if given.get("peft_autocast_adapter_dtype") is False and "base_dtype" in changes:
        changes |= {"adapter_dtype": changes["base_dtype"]}
    return changes


AXOLOTL_RULES: dict[str, Rule] = {
    "base_model": model_named,
    "adapter": _adapter,
    "load_in_4bit": packs_weights,
    "load_in_8bit": without_setting(),
    "bnb_config_kwargs.bnb_4bit_use_double_quant": switches("double_quant"),
    "bnb_config_kwargs.bnb_4bit_quant_type": without_setting("nf4"),
    "lora_r": sets("rank"),
    "lora_alpha": sets("alpha"),
    "lora_dropout": sets("dropout"),
    "lora_target_modules": targets_between_commas,
    "lora_target_linear": _all_linear,
    "lora_target_parameters": when_declared("target_parameters"),
    "lora_modules_to_save": when_declared("modules_to_save"),
    "peft_use_dora": switches("dora"),
    "peft_use_rslora": switches("rslora"),
    "peft_init_lora_weights": starts_from,
    "peft_layers_to_transform": when_declared("layers_to_transform"),
    "peft_layers_pattern": when_declared("layers_pattern"),
    "peft_ensure_weight_tying": switches("ensure_weight_tying"),
    "peft_autocast_adapter_dtype": _autocasts_adapter,
    "lora_rank_pattern": when_declared("rank_pattern"),
    "lora_alpha_pattern": when_declared("alpha_pattern"),
    "embeddings_skip_upcast": sets_if("kbit_preparation", "norms"),
    "peft_trainable_token_indices": when_declared("trainable_token_indices"),
    "sequence_len": sets("seq_len"),
    "micro_batch_size": sets("batch_size"),
    "gradient_accumulation_steps": sets("gradient_accumulation"),
    "gradient_checkpointing": checkpoints,
    "sample_packing": packs_sequences("one_row"),
    "activation_offloading": offloads,
    "plugins": _plugins,
    "liger_fused_linear_cross_entropy": computes_loss("fused"),
    "cut_cross_entropy": computes_loss("cut"),
    "chunked_cross_entropy": computes_loss(
        "chunked_output", N_("It is torchtune's loss, which axolotl compiles; here it is not.")
    ),
    "flash_attention": sets_if("attention", "flash_attention_2"),
    "sdp_attention": sets_if("attention", "sdpa"),
    "eager_attention": sets_if("attention", "eager"),
    "attn_implementation": one_of("attention", ATTENTION_BY_NAME),
    "optimizer": one_of("optimizer", OPTIMIZERS_BY_NAME),
    "max_grad_norm": clips,
    "bf16": loads_and_mixes_in("bf16"),
    "bfloat16": loads_in("bfloat16"),
    "fp16": loads_and_mixes_in("fp16"),
    "float16": loads_in("float16"),
    "torch_dtype": weights_format,
    **dict.fromkeys(
        (
            "base_model_config", "context_parallel_size", "deepspeed", "flex_attention", "fsdp",
            "fsdp_config", "gptq", "layer_offloading", "liger_cross_entropy",
            "liger_glu_activation", "liger_layer_norm",
            "liger_rms_norm", "liger_rope", "lora_mlp_kernel", "lora_o_kernel", "lora_qkv_kernel",
            "lora_embedding_kernel", "lora_model_dir", "loraplus_lr_ratio",
            "overrides_of_model_config", "peft", "quantization", "qat", "relora",
            "relora_steps", "resize_token_embeddings_to_32x", "rl", "reward_model", "s2_attention",
            "sage_attention", "sequence_parallel_degree", "tensor_parallel_size", "tokens",
            "torch_compile", "unfrozen_parameters", "unsloth_cross_entropy_loss",
            "xformers_attention", "optim_args", "optim_target_modules",
            "model_quantization_config",
        ),
        without_setting(),
    ),
}  # fmt: skip
AXOLOTL_IDLE = (
    "adam_*", "dpo_*", "kto_*", "loss_watchdog_*", "rl_beta", "axolotl_config_path",
    "auto_resume_from_checkpoints", "bf16_full_eval", "bnb_config_kwargs.*", "chat_template*",
    "comet_*", "curriculum_sampling", "dataloader_*", "dataset*", "ddp*", "debug",
    "default_system_message", "device*", "do_*", "early_stopping_patience", "eval_*",
    "evals_per_epoch", "excess_length_strategy", "experimental_skip_move_to_device",
    "flash_attn_*", "gc_steps", "gpu_memory_limit", "gradient_checkpointing_kwargs*",
    "group_by_length", "hf_use_auth_token", "hub_*", "include_*", "is_*", "learning_rate",
    "local_rank", "log_*", "logging_steps", "lora_fan_in_fan_out", "lora_on_cpu",
    "low_cpu_mem_usage", "lr_*", "max_steps", "min_sample_len", "mlflow_*", "model_type",
    "multipack_*", "neftune_noise_alpha", "noisy_embedding_alpha", "num_epochs", "output_dir",
    "pad_to_sequence_len", "pretraining_dataset", "profiler_steps", "push_*",
    "remove_unused_columns", "resume_from_checkpoint", "revision_of_model", "roles*",
    "sample_packing_*", "save_*", "saves_per_epoch", "seed", "shuffle_*", "skip_prepare_dataset",
    "special_tokens*", "strict", "test_datasets", "tf32", "tokenizer_*", "torch_compile_*",
    "train_on_inputs", "trust_remote_code", "use_tensorboard", "val_set_size", "wandb_*",
    "warmup_*", "weight_decay", "xformers_*", "eval_sample_packing",
)  # fmt: skip


def _defaults(given: Values) -> Values:
    """What axolotl takes where it is told nothing."""
    plain: dict[str, Any] = {
        "adapter": "",
        "sequence_len": 512,
        "micro_batch_size": 1,
        "gradient_accumulation_steps": 1,
        "gradient_checkpointing": False,
        "optimizer": "adamw_torch_fused",
    }
    if given.get("load_in_4bit"):
        plain["bnb_config_kwargs.bnb_4bit_use_double_quant"] = True
    if given.get("adapter"):
        plain["lora_target_modules"] = targets_of_peft(given.get("base_model"))
        plain |= {"lora_dropout": 0.0, "peft_use_dora": False, "peft_use_rslora": False}
    return plain


AXOLOTL = FileKind(
    "axolotl",
    lambda values: "base_model" in values,
    AXOLOTL_RULES,
    AXOLOTL_IDLE,
    IMPLIED,
    _defaults,
    resets=OF_TRAINING,
    settle=_settle,
)
