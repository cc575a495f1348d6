"""What transformers' Trainer writes and takes: its arguments, and `trainer_state.json`.

The keys are those of `transformers.TrainingArguments` and `TrainerState`
(https://huggingface.co/docs/transformers/main_classes/trainer), of which the trainers that build on
it take most too.
"""

from __future__ import annotations

from lora_viz.imports.reading import FileKind, Values
from lora_viz.imports.rules import (
    OPTIMIZERS_BY_NAME,
    OTHER_KERNELS,
    Rule,
    checkpoints,
    clips,
    computes_loss,
    mixes_in,
    offloads,
    one_of,
    sets,
    without_setting,
)

IMPLIED = {"training_loop": "trainer"}
TRAINER_RULES: dict[str, Rule] = {
    "per_device_train_batch_size": sets("batch_size"),
    "gradient_accumulation_steps": sets("gradient_accumulation"),
    "gradient_checkpointing": checkpoints,
    "activation_checkpointing": checkpoints,
    "max_grad_norm": clips,
    "activation_offloading": offloads,
    "use_liger_kernel": computes_loss("fused", OTHER_KERNELS),
    "optim": one_of("optimizer", OPTIMIZERS_BY_NAME),
    "bf16": mixes_in("bf16"),
    "fp16": mixes_in("fp16"),
    **dict.fromkeys(
        (
            "deepspeed", "fsdp", "fsdp_config", "parallelism_config", "torch_compile",
            "liger_kernel_config", "optim_args", "optim_target_modules",
            "auto_find_batch_size", "use_ipex",
        ),
        without_setting(),
    ),
}  # fmt: skip
TRAINER_IDLE = (
    "_n_gpu", "accelerator_config", "adam_*", "average_tokens_across_devices",
    "batch_eval_metrics", "bf16_full_eval", "data_seed", "dataloader_*", "ddp_*", "debug",
    "disable_tqdm", "do_*", "enable_jit_checkpoint", "eval_*", "evaluation_strategy", "fp16_*",
    "full_determinism", "greater_is_better", "group_by_length", "gradient_checkpointing_kwargs*",
    "half_precision_backend", "activation_checkpointing_kwargs*", "hub_*", "ignore_data_skip",
    "include_*", "jit_mode_eval", "label_names", "label_smoothing_factor", "learning_rate",
    "length_column_name", "load_best_model_at_end", "local_rank", "log_*", "logging_*",
    "lr_scheduler_*", "max_steps", "metric_for_best_model", "neftune_noise_alpha", "no_cuda",
    "num_train_epochs", "output_dir", "overwrite_output_dir", "past_index",
    "per_device_eval_batch_size", "prediction_loss_only", "project", "push_to_hub*",
    "remove_unused_columns", "report_to", "restore_callback_states_from_checkpoint",
    "resume_from_checkpoint", "run_name", "save_*", "seed", "skip_memory_metrics", "tf32",
    "torch_compile_*", "torch_empty_cache_steps", "torchdynamo", "tp_size", "tpu_*", "trackio_*",
    "train_sampling_strategy", "use_cache", "use_cpu", "use_mps_device", "warmup_*",
    "weight_decay",
)  # fmt: skip


def _defaults(_given: Values) -> Values:
    """What `TrainingArguments` takes where it is told nothing."""
    return {
        "per_device_train_batch_size": 8,
        "gradient_accumulation_steps": 1,
        "gradient_checkpointing": False,
        "max_grad_norm": 1.0,
        "optim": "adamw_torch_fused",
        "bf16": False,
    }


TRAINING_ARGUMENTS = FileKind(
    "TrainingArguments",
    lambda values: (
        "per_device_train_batch_size" in values or {"output_dir", "optim"} <= set(values)
    ),
    TRAINER_RULES,
    TRAINER_IDLE,
    IMPLIED,
    _defaults,
)
TRAINER_STATE = FileKind(
    "trainer_state.json",
    lambda values: "log_history" in values or {"global_step", "max_steps"} <= set(values),
    {"train_batch_size": sets("batch_size")},
    (
        "best_*", "epoch", "eval_steps", "global_step", "is_*", "log_history", "logging_steps",
        "max_steps", "num_input_tokens_seen", "num_train_epochs", "save_steps",
        "stateful_callbacks*", "total_flos", "trial_*",
    ),
    IMPLIED,
)  # fmt: skip
