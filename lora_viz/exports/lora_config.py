"""PEFT's own settings: as code, `LoraConfig(…)`, and as the file that lies beside an adapter.

The names are those of `peft.LoraConfig`
(https://huggingface.co/docs/peft/package_reference/lora).
"""

from __future__ import annotations

import json
from typing import Any

from lora_viz.choices.targets import as_peft_targets
from lora_viz.errors import UserError
from lora_viz.exports.comments import head
from lora_viz.exports.literals import python_call
from lora_viz.exports.rules import (
    NOTHING,
    OF_CARD,
    OF_STEP,
    Remark,
    Rule,
    Said,
    Table,
    as_peft,
    further,
    key,
    said_by,
    unsaid,
    unsaid_but,
    unsaid_unless_usual,
    weights_at,
)
from lora_viz.exports.subject import Subject
from lora_viz.i18n import N_, Message

FURTHER = (
    "modules_to_save", "ensure_weight_tying", "trainable_token_indices", "target_parameters",
    "layers_to_transform", "layers_pattern", "rank_pattern", "alpha_pattern", "init_lora_weights",
    "lora_bias",
)  # fmt: skip


def _excluded(subject: Subject, field: str) -> Said:
    names = subject.value(field)
    return Said({field: as_peft_targets(names)}) if names else NOTHING


def _said_by_the_task(_subject: Subject, _field: str) -> Said:
    return NOTHING


# PEFT's arguments, by the fields of the scenario
ADAPTER_ARGUMENTS: dict[str, Rule] = {
    "rank": key("r"),
    "alpha": key("lora_alpha", as_peft),
    "target_modules": key("target_modules", as_peft_targets),
    "rslora": key("use_rslora"),
    "dora": key("use_dora"),
    "bias": key("bias"),
    "dropout": key("lora_dropout"),
    "exclude_modules": _excluded,
    **{name: further(name) for name in FURTHER},
    "task_type": _said_by_the_task,
}
LORA_CONFIG: Table = {
    **ADAPTER_ARGUMENTS,
    **OF_STEP,
    **OF_CARD,
    "model": unsaid(),
    "method": unsaid_but("lora", why=N_("weights are packed where the model is loaded")),
    "vocab_size": unsaid_unless_usual(N_("the vocabulary is resized where the model is loaded")),
    "num_labels": unsaid_unless_usual(N_("labels are counted where the model is loaded")),
}
ADAPTER_FILE: Table = {**LORA_CONFIG, "model": weights_at("base_model_name_or_path")}


def lora_config_code(subject: Subject) -> tuple[str, list[Remark]]:
    """Python that makes PEFT's configuration. Raises `UserError` where there is no adapter."""
    arguments, remarks = _settings(LORA_CONFIG, subject)
    what = Message(N_("The settings of PEFT's adapter."))
    code = python_call("LoraConfig", arguments)
    text = f"{head(remarks, what)}from peft import LoraConfig\n\nconfig = {code}\n"
    return text, remarks


def adapter_config(subject: Subject) -> tuple[str, list[Remark]]:
    """PEFT's file of an adapter, which has no comments. Raises `UserError` where there is none."""
    arguments, remarks = _settings(ADAPTER_FILE, subject)
    return json.dumps({"peft_type": "LORA"} | arguments, indent=2) + "\n", remarks


def _settings(table: Table, subject: Subject) -> tuple[dict[str, Any], list[Remark]]:
    if not subject.scenario.trains_adapter:
        raise UserError(N_("Full fine-tuning has no adapter to write down; choose LoRA or QLoRA."))
    arguments, remarks = said_by(table, subject)
    return arguments | task_of_peft(subject), remarks


def task_of_peft(subject: Subject) -> dict[str, Any]:
    """PEFT's argument of the task, where the model's class names one."""
    return {"task_type": subject.task} if subject.task else {}
