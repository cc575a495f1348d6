"""A script that trains with PEFT and transformers' Trainer, as a scenario has it.

It asks for nothing but torch, transformers, PEFT and accelerate, and bitsandbytes for 4 bits.
"""

from __future__ import annotations

from typing import Any

from lora_viz.choices.optimizers import OPTIMIZERS
from lora_viz.errors import UserError
from lora_viz.exports import script_text
from lora_viz.exports.comments import head
from lora_viz.exports.literals import in_section, python_call
from lora_viz.exports.lora_config import ADAPTER_ARGUMENTS, task_of_peft
from lora_viz.exports.rules import (
    NOTHING,
    OF_CARD,
    OF_DATA,
    USUAL_OPTIMIZER,
    Remark,
    Rule,
    Said,
    Table,
    clipping,
    key,
    said_by,
    said_with,
    unsaid_but,
    unsaid_unless_usual,
    usual_rate,
    weights_at,
)
from lora_viz.exports.subject import Subject
from lora_viz.i18n import N_, Message

OTHER_LIGER_KERNELS = ("rope", "swiglu", "geglu", "rms_norm", "cross_entropy")
NON_REENTRANT = {"use_reentrant": False}


def _in_adapter(rule: Rule) -> Rule:
    """A rule whose keys are arguments of `LoraConfig`."""

    def moved(subject: Subject, field: str) -> Said:
        said = rule(subject, field)
        keys = {f"adapter.{name}": value for name, value in said.keys.items()}
        return Said(keys, said.is_whole, said.why)

    return moved


def _packing(subject: Subject, _field: str) -> Said:
    if not subject.scenario.is_quantized:
        return NOTHING
    return Said(
        {
            "packing.load_in_4bit": True,
            "packing.bnb_4bit_quant_type": subject.scenario.quantization,
            "packing.bnb_4bit_compute_dtype": "bfloat16",
        }
    )


def _optimizer(subject: Subject, field: str) -> Said:
    """By Trainer's name; where it has none, the class and its options are given to Trainer."""
    name = OPTIMIZERS[subject.value(field)].trainer_name
    return Said({"arguments.optim": name or USUAL_OPTIMIZER, "optimizer": subject.value(field)})


def _checkpointing(subject: Subject, field: str) -> Said:
    if not subject.value(field):
        return NOTHING
    return Said(
        {
            "arguments.gradient_checkpointing": True,
            "arguments.gradient_checkpointing_kwargs": NON_REENTRANT,
        }
    )


def _loss(subject: Subject, field: str) -> Said:
    """Liger's by Trainer's own arguments, without Liger's other kernels."""
    if subject.value(field) != "fused":
        return unsaid_but("full", why=N_("Trainer does not have it"))(subject, field)
    keys = {
        "arguments.use_liger_kernel": True,
        "arguments.liger_kernel_config": dict.fromkeys(OTHER_LIGER_KERNELS, False)
        | {"fused_linear_cross_entropy": True},
    }
    return Said(keys, why=Message(N_("it needs the package liger-kernel")))


def _precision(subject: Subject, field: str) -> Said:
    """How Trainer computes; it has no plain loop, in which outputs live through the backward."""
    flag = subject.mixed_precision
    keys = {} if flag == "no" else {f"arguments.{flag}": True}
    if subject.value(field) != "plain":
        return Said(keys)
    why = N_("Trainer frees the model's outputs before the backward pass")
    return Said(keys, False, Message(why))


SCRIPT: Table = {
    **{name: _in_adapter(rule) for name, rule in ADAPTER_ARGUMENTS.items()},
    **OF_CARD,
    "model": weights_at("model"),
    "method": _packing,
    "vocab_size": key("vocab_size"),
    "num_labels": unsaid_unless_usual(N_("the script trains on text without labels")),
    "batch_size": key("arguments.per_device_train_batch_size"),
    "seq_len": key("sequence_length"),
    "padding": key("padding"),
    "packing": unsaid_but("none", why=N_("the script cuts all texts into rows")),
    **OF_DATA,
    "offloading": unsaid_but("none", why=N_("Trainer moves nothing to the host")),
    "loss": _loss,
    "base_dtype": key("loading.dtype"),
    "adapter_dtype": key("adapter_dtype"),
    "double_quant": key("packing.bnb_4bit_use_double_quant"),
    "kbit_preparation": key("kbit_preparation"),
    "gradient_checkpointing": _checkpointing,
    "attention": key("loading.attn_implementation"),
    "training_loop": _precision,
    "mixed_precision": said_with("training_loop"),
    "optimizer": _optimizer,
    "gradient_accumulation": key("arguments.gradient_accumulation_steps"),
    "gradient_clipping": clipping("arguments.max_grad_norm"),
}


def trainer_script(subject: Subject) -> tuple[str, list[Remark]]:
    """The script. Raises `UserError` where the model predicts no next token."""
    if not subject.is_causal:
        raise UserError(
            N_(
                "The script trains models that predict the next token, which a %s does not; take "
                "LoraConfig for a script of your own."
            ),
            subject.class_name,
        )
    keys, remarks = said_by(SCRIPT, subject)
    what = Message(N_("A script that trains with PEFT and transformers' Trainer."))
    parts = (
        head(remarks, what),
        _imports(keys, subject),
        _settings(keys, subject),
        script_text.READING,
        script_text.PADDED if keys.get("padding") else script_text.BLOCKS,
        _loading(keys, subject),
        script_text.ARGUMENTS % repr(usual_rate(subject.scenario)),
        _training_arguments(in_section(keys, "arguments")),
        script_text.MAIN % _optimizer_class(keys["optimizer"]),
    )
    return "\n".join(parts), remarks


def _imports(keys: dict[str, Any], subject: Subject) -> str:
    scenario = subject.scenario
    of_peft = ["LoraConfig", "get_peft_model"] if scenario.trains_adapter else []
    if _is_prepared(keys, subject):
        of_peft.append("prepare_model_for_kbit_training")
    of_transformers = ["AutoModelForCausalLM", "AutoTokenizer", "Trainer", "TrainingArguments"]
    if scenario.is_quantized:
        of_transformers.append("BitsAndBytesConfig")
    return "\n".join(
        [
            "import argparse",
            "import json",
            *(["from functools import partial"] if keys.get("padding") else []),
            "from pathlib import Path",
            "",
            "import torch",
            *([f"from peft import {', '.join(of_peft)}"] if of_peft else []),
            "from transformers import (",
            *(f"    {name}," for name in sorted(of_transformers)),
            ")",
            "",
        ]
    )


def _settings(keys: dict[str, Any], subject: Subject) -> str:
    """What the scenario chose, as constants."""
    lines = [f"MODEL = {keys['model']!r}", f"SEQUENCE_LENGTH = {keys['sequence_length']!r}"]
    lines.append(f"LOADING = {python_call('dict', in_section(keys, 'loading'))}")
    if packing := in_section(keys, "packing"):
        lines.append(f"PACKING = {python_call('BitsAndBytesConfig', packing)}")
        lines.append('LOADING |= {"quantization_config": PACKING, "device_map": {"": 0}}')
    if subject.scenario.trains_adapter:
        arguments = in_section(keys, "adapter") | task_of_peft(subject)
        lines.append(f"ADAPTER = {python_call('LoraConfig', arguments)}")
    return "\n".join(lines) + "\n"


def _loading(keys: dict[str, Any], subject: Subject) -> str:
    """The function that makes the model to train."""
    text = script_text.OF_MODEL
    if keys.get("vocab_size"):
        text += f"    model.resize_token_embeddings({keys['vocab_size']!r})\n"
    if "arguments.gradient_checkpointing" in keys:
        text += "    model.config.use_cache = False\n"
    if not subject.scenario.trains_adapter:
        return text + "    return model\n"
    text += _preparation(keys, subject)
    text += "    model = get_peft_model(model, ADAPTER)\n"
    if keys["adapter_dtype"] != "float32":
        text += script_text.ADAPTER_DTYPE % keys["adapter_dtype"]
    return text + "    model.print_trainable_parameters()\n    return model\n"


def _preparation(keys: dict[str, Any], subject: Subject) -> str:
    """What is done to the base model before it is adapted."""
    is_checkpointed = "arguments.gradient_checkpointing" in keys
    if not _is_prepared(keys, subject):
        return "    model.enable_input_require_grads()\n" if is_checkpointed else ""
    arguments = {"use_gradient_checkpointing": is_checkpointed}
    if is_checkpointed:
        arguments |= {"gradient_checkpointing_kwargs": NON_REENTRANT}
    call = python_call("prepare_model_for_kbit_training", {"model": None} | arguments, indent=4)
    text = f"    model = {call.replace('model=None', 'model=model')}\n"
    if keys["kbit_preparation"] == "norms":
        text += script_text.EMBEDDINGS_IN_BFLOAT16
    return text


def _is_prepared(keys: dict[str, Any], subject: Subject) -> bool:
    return subject.scenario.is_quantized and keys["kbit_preparation"] != "none"


def _training_arguments(arguments: dict[str, Any]) -> str:
    """The function that tells Trainer how to train."""
    lines = "".join(f"        {name}={value!r},\n" for name, value in arguments.items())
    return (
        "\ndef training_arguments(given):\n"
        "    return TrainingArguments(\n"
        "        output_dir=given.out,\n"
        "        max_steps=given.steps,\n"
        "        learning_rate=given.learning_rate,\n"
        f"{lines}"
        "        logging_steps=10,\n"
        '        save_strategy="no",\n'
        "        use_cpu=not torch.accelerator.is_available(),\n"
        '        report_to="none",\n'
        "        remove_unused_columns=False,\n"
        "    )\n"
    )


def _optimizer_class(name: str) -> str:
    """Trainer's argument of an optimizer that it has no name for."""
    optimizer = OPTIMIZERS[name]
    if optimizer.trainer_name is not None:
        return ""
    options = ", ".join(f"{name}={on}" for name, on in optimizer.torch_options.items())
    return (
        "\n        optimizer_cls_and_kwargs=(\n"
        f"            {optimizer.torch_class},\n"
        f"            dict(lr=given.learning_rate, {options}),\n"
        "        ),"
    )
