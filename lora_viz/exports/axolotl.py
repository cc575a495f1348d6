"""The YAML of axolotl (`axolotl train FILE`).

Its keys are those of its configuration (https://docs.axolotl.ai/docs/config-reference.html).
"""

from __future__ import annotations

from typing import Any

from lora_viz.choices.targets import ALL_LINEAR, as_peft_targets
from lora_viz.exports.comments import yaml_file
from lora_viz.exports.rules import (
    NOTHING,
    OF_CARD,
    OF_DATA,
    Remark,
    Rule,
    Said,
    Table,
    as_whole_number,
    clipping,
    further,
    key,
    said_by,
    trainer_optimizer,
    unsaid_but,
    unsaid_unless_usual,
    usual_rate,
    weights_at,
)
from lora_viz.exports.subject import Subject
from lora_viz.i18n import N_, Message

FURTHER = {
    "modules_to_save": "lora_modules_to_save",
    "ensure_weight_tying": "peft_ensure_weight_tying",
    "trainable_token_indices": "peft_trainable_token_indices",
    "target_parameters": "lora_target_parameters",
    "layers_to_transform": "peft_layers_to_transform",
    "layers_pattern": "peft_layers_pattern",
    "rank_pattern": "lora_rank_pattern",
    "alpha_pattern": "lora_alpha_pattern",
    "init_lora_weights": "peft_init_lora_weights",
}

# by loss, its key and the plugin that offers it
KEYS_OF_LOSSES = {
    "chunked_output": ("chunked_cross_entropy", ""),
    "fused": ("liger_fused_linear_cross_entropy", "liger.LigerPlugin"),
    "cut": ("cut_cross_entropy", "cut_cross_entropy.CutCrossEntropyPlugin"),
}


def _method(subject: Subject, field: str) -> Said:
    if not subject.scenario.trains_adapter:
        return NOTHING
    packed = {"load_in_4bit": True} if subject.scenario.is_quantized else {}
    return Said({"adapter": subject.value(field), **packed})


def _targets(subject: Subject, field: str) -> Said:
    targets = subject.value(field)
    if targets == (ALL_LINEAR,):
        return Said({"lora_target_linear": True})
    return Said({"lora_target_modules": as_peft_targets(targets)})


def _dtype(subject: Subject, field: str) -> Said:
    """Weights in half precision, with autocast (bf16) or without (bfloat16)."""
    names = {"bfloat16": "bf16", "float16": "fp16"}
    dtype, mixed = subject.value(field), subject.mixed_precision
    if dtype == "float32":
        return Said({"bf16": False, "fp16": False})
    return Said({dtype if mixed == "no" else names[dtype]: True})


def _mixed_precision(subject: Subject, _field: str) -> Said:
    weights = {"bfloat16": "bf16", "float16": "fp16"}.get(subject.scenario.base_dtype)
    if subject.mixed_precision in ("no", weights):
        return NOTHING  # the weights' key says both
    why = N_("axolotl loads the weights in the format that it computes in")
    return Said(is_whole=False, why=Message(why))


def _adapter_dtype(subject: Subject, field: str) -> Said:
    dtype = subject.value(field)
    if dtype == "float32":
        return NOTHING
    if dtype == subject.scenario.base_dtype:
        return Said({"peft_autocast_adapter_dtype": False})
    return Said(is_whole=False, why=Message(N_("float32 here")))


def _preparation(subject: Subject, field: str) -> Said:
    how = subject.value(field)
    if how == "norms":
        return Said({"embeddings_skip_upcast": True})
    return unsaid_but("all", why=N_("axolotl always prepares as PEFT does"))(subject, field)


def _checkpointing(subject: Subject, field: str) -> Said:
    keys: dict[str, Any] = {"gradient_checkpointing": subject.value(field)}
    if subject.value(field):
        keys["gradient_checkpointing_kwargs.use_reentrant"] = False
    return Said(keys)


def _packing(subject: Subject, field: str) -> Said:
    """What is packed is kept apart in axolotl, in one row for the whole batch."""
    how = subject.value(field)
    if how == "rows":
        why = Message(N_("axolotl packs into one row for the whole batch"))
        return Said({"sample_packing": True}, False, why)
    if how == "none" and not subject.scenario.padding:
        return Said(is_whole=False, why=Message(N_("axolotl keeps packed sequences apart")))
    return Said({"sample_packing": True}) if how == "one_row" else NOTHING


def _offloading(subject: Subject, field: str) -> Said:
    """Both ways need gradient checkpointing in axolotl."""
    how = subject.value(field)
    if how == "none":
        return NOTHING
    if not subject.scenario.gradient_checkpointing:
        return Said(is_whole=False, why=Message(N_("axolotl moves gradient checkpoints only")))
    return Said({"activation_offloading": "legacy" if how == "checkpoints" else True})


def _loss(subject: Subject, field: str) -> Said:
    name = subject.value(field)
    if name == "full":
        return NOTHING
    if name not in KEYS_OF_LOSSES:
        return Said(is_whole=False, why=Message(N_("axolotl does not have it")))
    key_of_loss, plugin = KEYS_OF_LOSSES[name]
    plugins = {"plugins": [f"axolotl.integrations.{plugin}"]} if plugin else {}
    return Said({**plugins, key_of_loss: True})


ADAPTER_KEYS: dict[str, Rule] = {
    "rank": key("lora_r"),
    "alpha": as_whole_number("lora_alpha"),
    "target_modules": _targets,
    "rslora": key("peft_use_rslora"),
    "dora": key("peft_use_dora"),
    "bias": unsaid_but("none", why=N_("axolotl trains no biases")),
    "dropout": key("lora_dropout"),
    **{name: further(written) for name, written in FURTHER.items()},
    "exclude_modules": unsaid_unless_usual(),
    "lora_bias": unsaid_unless_usual(),
    "task_type": unsaid_but("auto", "CAUSAL_LM"),
}
AXOLOTL: Table = {
    **ADAPTER_KEYS,
    **OF_CARD,
    "model": weights_at("base_model"),
    "method": _method,
    "vocab_size": unsaid_unless_usual(),
    "num_labels": unsaid_unless_usual(),
    "batch_size": key("micro_batch_size"),
    "seq_len": key("sequence_len"),
    "padding": key("sample_packing", lambda is_padded: not is_padded),
    "packing": _packing,
    **OF_DATA,
    "offloading": _offloading,
    "loss": _loss,
    "base_dtype": _dtype,
    "adapter_dtype": _adapter_dtype,
    "double_quant": key("bnb_config_kwargs.bnb_4bit_use_double_quant"),
    "kbit_preparation": _preparation,
    "gradient_checkpointing": _checkpointing,
    "attention": key("attn_implementation"),
    "mixed_precision": _mixed_precision,
    "training_loop": unsaid_but("trainer", why=N_("axolotl trains with transformers' Trainer")),
    "optimizer": trainer_optimizer("optimizer"),
    "gradient_accumulation": key("gradient_accumulation_steps"),
    "gradient_clipping": clipping("max_grad_norm"),
}


def axolotl_yaml(subject: Subject) -> tuple[str, list[Remark]]:
    """The file, with an example of what the scenario does not know: data, rate and length.

    Raises:
        UserError: the model writes no text.
    """
    subject.need_one_that_writes("axolotl")
    keys, remarks = said_by(AXOLOTL, subject)
    what = Message(N_("For axolotl: axolotl train FILE."))
    own = {
        "datasets": [{"path": "data.jsonl", "ds_type": "json", "type": "completion"}],
        "output_dir": "./trained",
        "learning_rate": usual_rate(subject.scenario),
        "num_epochs": 1,
    }
    yours = Message(N_("Yours to choose: the data, how fast and how long."))
    return yaml_file(remarks, what, keys, yours, own), remarks
