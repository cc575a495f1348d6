"""The YAML of LLaMA-Factory (`llamafactory-cli train FILE`).

Its keys are those of its model, data, fine-tuning and training arguments
(https://llamafactory.readthedocs.io/en/latest/advanced/arguments.html).
"""

from __future__ import annotations

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

ATTENTION = {"sdpa": "sdpa", "eager": "disabled", "flash_attention_2": "fa2"}
WITHOUT_A_KEY = (
    "ensure_weight_tying", "trainable_token_indices", "target_parameters", "layers_to_transform",
    "layers_pattern", "exclude_modules", "rank_pattern", "alpha_pattern", "lora_bias",
)  # fmt: skip


def _method(subject: Subject, _field: str) -> Said:
    scenario = subject.scenario
    if not scenario.trains_adapter:
        return Said({"finetuning_type": "full"})
    packed = {"quantization_bit": 4, "quantization_method": "bnb", "quantization_type": "nf4"}
    return Said({"finetuning_type": "lora"} | (packed if scenario.is_quantized else {}))


def _targets(subject: Subject, field: str) -> Said:
    targets = subject.value(field)
    if targets == (ALL_LINEAR,):
        return Said({"lora_target": "all"})
    if isinstance(as_peft_targets(targets), str):
        why = N_("LLaMA-Factory takes no pattern; without names it adapts every linear layer")
        return Said(is_whole=False, why=Message(why))
    return Said({"lora_target": ",".join(targets)})


def _saved(subject: Subject, field: str) -> Said:
    names = subject.value(field)
    return Said({"additional_target": ",".join(names)}) if names else NOTHING


def _start(subject: Subject, field: str) -> Said:
    if subject.value(field) == "pissa":
        return Said({"pissa_init": True})
    return unsaid_unless_usual()(subject, field)


PRECISIONS = {"bfloat16": "bf16", "float16": "fp16"}


def _dtype(subject: Subject, field: str) -> Said:
    """Weights in half precision; in float32 LLaMA-Factory takes the format of the model's file."""
    dtype, mixed = subject.value(field), subject.mixed_precision
    if dtype == "float32":
        return Said(is_whole=False, why=Message(N_("the format of the model's file here")))
    if mixed == "no" and subject.scenario.adapter_dtype == dtype == "bfloat16":
        return Said({"pure_bf16": True})
    return Said({PRECISIONS[dtype]: True})


def _mixed_precision(subject: Subject, _field: str) -> Said:
    scenario, mixed = subject.scenario, subject.mixed_precision
    is_pure = mixed == "no" and scenario.adapter_dtype == scenario.base_dtype == "bfloat16"
    if is_pure or mixed == PRECISIONS.get(scenario.base_dtype, "no"):
        return NOTHING  # the weights' key says both
    why = N_("LLaMA-Factory computes in the weights' format")
    return Said(is_whole=False, why=Message(why))


def _adapter_dtype(subject: Subject, field: str) -> Said:
    dtype = subject.value(field)
    if dtype == "float32":
        return NOTHING
    if dtype == subject.scenario.base_dtype == "bfloat16" and subject.mixed_precision == "no":
        return NOTHING  # pure_bf16 says both
    return Said(is_whole=False, why=Message(N_("float32 here")))


def _preparation(subject: Subject, field: str) -> Said:
    """LLaMA-Factory turns norms to float32 if it is told, and nothing else."""
    how = subject.value(field)
    keys = {"upcast_layernorm": how != "none"}
    if how == "all":
        return Said(keys, False, Message(N_("norms only here")))
    return Said(keys)


def _packing(subject: Subject, field: str) -> Said:
    how = subject.value(field)
    if how == "none":
        return NOTHING
    why = None if how == "rows" else Message(N_("LLaMA-Factory packs into a row for each sequence"))
    return Said({"packing": True, "neat_packing": True}, how == "rows", why)


def _offloading(subject: Subject, field: str) -> Said:
    how = subject.value(field)
    if how == "checkpoints" and subject.scenario.gradient_checkpointing:
        return Said({"use_unsloth_gc": True})
    why = N_("LLaMA-Factory moves gradient checkpoints only")
    return unsaid_but("none", why=why)(subject, field)


def _loss(subject: Subject, field: str) -> Said:
    if subject.value(field) == "fused":
        why = N_("Liger's other kernels come with it")
        return Said({"enable_liger_kernel": True}, why=Message(why))
    return unsaid_but("full", why=N_("LLaMA-Factory does not have it"))(subject, field)


ADAPTER_KEYS: dict[str, Rule] = {
    "rank": key("lora_rank"),
    "alpha": as_whole_number("lora_alpha"),
    "target_modules": _targets,
    "rslora": key("use_rslora"),
    "dora": key("use_dora"),
    "bias": unsaid_but("none", why=N_("LLaMA-Factory trains no biases")),
    "dropout": key("lora_dropout"),
    "modules_to_save": _saved,
    "init_lora_weights": _start,
    **dict.fromkeys(WITHOUT_A_KEY, unsaid_unless_usual()),
    "task_type": unsaid_but("auto", "CAUSAL_LM"),
}
LLAMA_FACTORY: Table = {
    **ADAPTER_KEYS,
    **OF_CARD,
    "model": weights_at("model_name_or_path"),
    "method": _method,
    "vocab_size": unsaid_unless_usual(),
    "num_labels": unsaid_unless_usual(),
    "batch_size": key("per_device_train_batch_size"),
    "seq_len": key("cutoff_len"),
    "padding": key("packing", lambda is_padded: not is_padded),
    "packing": _packing,
    **OF_DATA,
    "offloading": _offloading,
    "loss": _loss,
    "base_dtype": _dtype,
    "adapter_dtype": _adapter_dtype,
    "double_quant": key("double_quantization"),
    "kbit_preparation": _preparation,
    "gradient_checkpointing": key("disable_gradient_checkpointing", lambda is_on: not is_on),
    "attention": key("flash_attn", ATTENTION.__getitem__),
    "mixed_precision": _mixed_precision,
    "training_loop": unsaid_but(
        "trainer", why=N_("LLaMA-Factory trains with transformers' Trainer")
    ),
    "optimizer": trainer_optimizer("optim"),
    "gradient_accumulation": key("gradient_accumulation_steps"),
    "gradient_clipping": clipping("max_grad_norm"),
}


def llama_factory_yaml(subject: Subject) -> tuple[str, list[Remark]]:
    """The file, with an example of what the scenario does not know: data, rate and length.

    Raises:
        UserError: the model writes no text.
    """
    subject.need_one_that_writes("LLaMA-Factory")
    keys, remarks = said_by(LLAMA_FACTORY, subject)
    what = Message(N_("For LLaMA-Factory: llamafactory-cli train FILE."))
    own = {
        "stage": "sft",
        "do_train": True,
        "dataset": "identity",
        "template": "default",
        "output_dir": "trained",
        "learning_rate": usual_rate(subject.scenario),
        "num_train_epochs": 1.0,
    }
    yours = Message(N_("Yours to choose: the data, the template, how fast and how long."))
    return yaml_file(remarks, what, keys, yours, own), remarks
