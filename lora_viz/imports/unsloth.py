"""The YAML of Unsloth Studio (`unsloth train --config`).

Its keys stand in sections (https://unsloth.ai/docs/new/studio, and in its repository
`studio/backend/assets/configs/lora_text.yaml`).
"""

from __future__ import annotations

from typing import Any

from lora_viz.errors import UserError
from lora_viz.imports.reading import FileKind, Values
from lora_viz.imports.rules import (
    NO_SETTING,
    NOTHING,
    OF_TRAINING,
    OPTIMIZERS_BY_NAME,
    Rule,
    Taken,
    begins_as,
    checkpoints,
    is_on,
    model_named,
    one_of,
    packs_sequences,
    packs_weights,
    sets,
    switches,
    targets_between_commas,
    without_setting,
)
from lora_viz.imports.transformers_files import IMPLIED


def _method(value: Any) -> Taken:
    word = str(value).lower()
    if word not in ("lora", "qlora", "full", "full finetuning", "lora/qlora"):
        raise UserError(NO_SETTING)
    return Taken({"method": word if word in ("lora", "qlora") else _of_two(word)})


def _of_two(word: str) -> str:
    return "full" if word.startswith("full") else "lora"


def _part_of_model(value: Any) -> Taken:
    """Whether a part of the language model is adapted too; if not, it is not said which."""
    if not is_on(value):
        raise UserError(NO_SETTING)
    return NOTHING


UNSLOTH_RULES: dict[str, Rule] = {
    "model": model_named,
    "training.training_type": _method,
    "training.max_seq_length": sets("seq_len"),
    "training.load_in_4bit": packs_weights,
    "training.batch_size": sets("batch_size"),
    "training.gradient_accumulation_steps": sets("gradient_accumulation"),
    "training.gradient_checkpointing": checkpoints,
    "training.packing": packs_sequences("one_row"),
    "training.optim": one_of("optimizer", OPTIMIZERS_BY_NAME),
    "lora.lora_r": sets("rank"),
    "lora.lora_alpha": sets("alpha"),
    "lora.lora_dropout": sets("dropout"),
    "lora.target_modules": targets_between_commas,
    "lora.use_rslora": switches("rslora"),
    "lora.use_dora": switches("dora"),
    "lora.use_loftq": begins_as("loftq"),
    "lora.vision_all_linear": without_setting(),
    "lora.finetune_language_layers": _part_of_model,
    "lora.finetune_attention_modules": _part_of_model,
    "lora.finetune_mlp_modules": _part_of_model,
}
UNSLOTH_IDLE = (
    "data.*", "data", "inference.*", "logging.*", "training.learning_rate", "training.lr_*",
    "training.max_steps", "training.num_epochs", "training.output_dir", "training.random_seed",
    "training.save_steps", "training.train_on_completions", "training.warmup_*",
    "training.weight_decay", "training.eval_*", "training.embedding_learning_rate",
    "lora.finetune_vision_layers", "audio_*",
)  # fmt: skip


def _is_unsloth(values: Values) -> bool:
    return isinstance(values.get("training"), dict) and (
        isinstance(values.get("lora"), dict) or "max_seq_length" in values["training"]
    )


UNSLOTH = FileKind(
    "Unsloth Studio",
    _is_unsloth,
    UNSLOTH_RULES,
    UNSLOTH_IDLE,
    IMPLIED,
    lambda _given: {"training.training_type": "lora"},
    resets=OF_TRAINING,
)
