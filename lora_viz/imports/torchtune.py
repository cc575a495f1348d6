"""The YAML of torchtune's recipes (`tune run lora_finetune_single_device --config`).

Its keys are those of the recipes' configurations
(https://docs.pytorch.org/torchtune/stable/deep_dives/configs.html,
https://docs.pytorch.org/torchtune/stable/tutorials/lora_finetune.html). Its loop is its own, in
which weights and adapter have one number format.
"""

from __future__ import annotations

import re
from typing import Any

from lora_viz.choices.declaration import as_shown
from lora_viz.errors import UserError
from lora_viz.i18n import N_, Message
from lora_viz.imports.reading import FileKind
from lora_viz.imports.rules import (
    DTYPES_BY_NAME,
    NO_SETTING,
    NOTHING,
    OF_TRAINING,
    Rule,
    Taken,
    checkpoints,
    clips,
    is_on,
    offloads,
    packs_sequences,
    sets,
    sets_if,
    switches,
    without_setting,
)
from lora_viz.models.catalogue import catalogue

BUILDER = re.compile(r"torchtune\.models\.\w+\.(?P<method>q?lora_)?(?P<name>\w+)")
LAYERS = {"output_proj": "o_proj", "w1": "gate_proj", "w2": "down_proj", "w3": "up_proj"}
OF_MLP = ("gate_proj", "down_proj", "up_proj")
LOSSES_OF_TORCHTUNE = {
    "torch.nn.CrossEntropyLoss": "full",
    "torchtune.modules.loss.CEWithChunkedOutputLoss": "chunked_output",
}
OPTIMIZERS_OF_TORCH = {
    "torch.optim.AdamW": "adamw",
    "torch.optim.SGD": "sgd",
    "bitsandbytes.optim.AdamW8bit": "adamw_8bit",
    "bitsandbytes.optim.PagedAdamW": "paged_adamw_32bit",
    "bitsandbytes.optim.PagedAdamW32bit": "paged_adamw_32bit",
    "bitsandbytes.optim.PagedAdamW8bit": "paged_adamw_8bit",
    "bitsandbytes.optim.Lion": "lion_32bit",
    "bitsandbytes.optim.Lion8bit": "lion_8bit",
    "bitsandbytes.optim.PagedLion": "paged_lion_32bit",
    "bitsandbytes.optim.PagedLion8bit": "paged_lion_8bit",
    "transformers.optimization.Adafactor": "adafactor",
}


def _builder(value: Any) -> Taken:
    """`torchtune.models.llama3_1.qlora_llama3_1_8b` → QLoRA on the catalogue's llama-3.1-8b."""
    found = BUILDER.fullmatch(str(value))
    if found is None:
        raise UserError(N_("“%s” builds no model of torchtune's own."), as_shown(value))
    method = {"lora_": "lora", "qlora_": "qlora"}.get(found["method"] or "", "full")
    key = _models().get(found["name"])
    if key is None:
        raise UserError(
            N_("The catalogue has no model “%s”; choose the model in the sidebar."),
            as_shown(found["name"]),
        )
    note = Message(N_("The model is %s of the catalogue."), catalogue()[key].name)
    return Taken({"model": key, "method": method}, note=note)


def _models() -> dict[str, str]:
    """The catalogue's keys by torchtune's names of the same models."""
    names = {}
    for key in catalogue():
        plain = re.sub(r"[.-]", "_", key).replace("llama_", "llama").replace("gemma_", "gemma")
        plain = plain.replace("phi_3", "phi3")
        for end in ("", "_base", "_instruct"):
            names[plain + end] = key
    return names


def _attention_layers(value: Any) -> Taken:
    if not isinstance(value, list):
        raise UserError(N_("The target modules should be names, or one text."))
    return Taken(targets=tuple(LAYERS.get(str(name), str(name)) for name in value))


def _with_layers(*names: str) -> Rule:
    return lambda value: Taken(targets=names) if is_on(value) else NOTHING


def _optimizer(value: Any) -> Taken:
    if str(value) not in OPTIMIZERS_OF_TORCH:
        raise UserError(NO_SETTING)
    return Taken({"optimizer": OPTIMIZERS_OF_TORCH[str(value)]})


def _loss(value: Any) -> Taken:
    if str(value) not in LOSSES_OF_TORCHTUNE:
        raise UserError(NO_SETTING)
    return Taken({"loss": LOSSES_OF_TORCHTUNE[str(value)]})


def _dtype_of_all(value: Any) -> Taken:
    dtype = DTYPES_BY_NAME.get(str(value))
    if dtype is None:
        raise UserError(NO_SETTING)
    return Taken({"base_dtype": dtype, "adapter_dtype": dtype})


TORCHTUNE_RULES: dict[str, Rule] = {
    "model._component_": _builder,
    "model.lora_attn_modules": _attention_layers,
    "model.apply_lora_to_mlp": _with_layers(*OF_MLP),
    "model.apply_lora_to_output": _with_layers("lm_head"),
    "model.lora_rank": sets("rank"),
    "model.lora_alpha": sets("alpha"),
    "model.lora_dropout": sets("dropout"),
    "model.use_dora": switches("dora"),
    "model.quantize_base": sets_if("quantization", "nf4"),
    "tokenizer.max_seq_len": sets("seq_len"),
    "dataset.packed": packs_sequences("rows"),
    "enable_activation_offloading": offloads,
    "batch_size": sets("batch_size"),
    "gradient_accumulation_steps": sets("gradient_accumulation"),
    "enable_activation_checkpointing": checkpoints,
    "optimizer._component_": _optimizer,
    "optimizer.fused": sets_if("optimizer", "adamw_fused"),
    "clip_grad_norm": clips,
    "dtype": _dtype_of_all,
    **dict.fromkeys(
        (
            "compile", "optimizer_in_bwd", "fsdp_cpu_offload",
            "tensor_parallel_dim", "context_parallel_dim", "ac_mode", "quantizer",
            "custom_sharded_layers", "teacher_model",
        ),
        without_setting(),
    ),
    "loss._component_": _loss,
}  # fmt: skip
TORCHTUNE_IDLE = (
    "checkpointer*", "dataset*", "device", "epochs", "log_*", "loss.*", "low_cpu_ram",
    "lr_scheduler*", "max_steps_per_epoch", "metric_logger*", "model.max_seq_len", "optimizer.*",
    "output_dir", "profiler*", "resume_from_checkpoint", "save_*", "seed", "shuffle", "tokenizer*",
    "ac_option", "cudnn_*", "run_val_every_n_steps", "batch_size_val", "keep_last_n_checkpoints",
)  # fmt: skip

TORCHTUNE = FileKind(
    "torchtune",
    lambda values: isinstance(values.get("model"), dict) and "_component_" in values["model"],
    TORCHTUNE_RULES,
    TORCHTUNE_IDLE,
    {"training_loop": "plain"},
    lambda _given: {"clip_grad_norm": None},
    resets=OF_TRAINING,
)
