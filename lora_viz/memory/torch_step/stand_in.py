"""The model of a simulated step: its real classes with PEFT's adapter, over tensors without data.

Importing this module loads torch, transformers and peft.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
import transformers
from torch import nn

from lora_viz.adapter.from_peft import give_dtype, with_peft
from lora_viz.errors import UserError
from lora_viz.i18n import N_
from lora_viz.memory.settings import StepSettings
from lora_viz.memory.torch_step.four_bits import (
    Linear4bit,
    Params4bit,
    quantize,
    stand_in_for_bitsandbytes,
)
from lora_viz.memory.torch_step.offloading.checkpoints import offload_checkpoints

# what models of transformers before 4.50 note of their attention when they are made, and by which
# some (gpt_bigcode) decide later whether to build a mask of all pairs of tokens
ATTENTION_FLAGS = {"_use_sdpa": "sdpa", "_use_flash_attention_2": "flash_attention_2"}


@dataclass(frozen=True)
class StandIn:
    """A model ready for a step: `base` is transformers' own, `whole` PEFT's model around it."""

    whole: nn.Module
    base: Any


def prepare_model(model: Any, settings: StepSettings, choices: Mapping[str, Any]) -> StandIn:
    """Quantise, adapt and convert a meta model as training scripts do; still without storages.

    Args:
        choices: the arguments of `LoraConfig` but its task.
    """
    dtype = getattr(torch, settings.base_dtype)
    model.to(dtype)
    _restore_float32_buffers(model)
    set_attention(model, settings.attention)
    if settings.is_quantized:
        saved = tuple(choices.get("modules_to_save") or ())
        storage = getattr(torch, settings.quant_storage)
        quantize(model, settings.quantization, settings.double_quant, dtype, saved, storage)
        model.is_loaded_in_4bit = True
        model.config._pre_quantization_dtype = dtype  # as transformers' quantizers note it
        _prepare_for_kbit(model, settings.kbit_preparation)
    if settings.gradient_checkpointing:
        if settings.trains_adapter:
            model.enable_input_require_grads()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.gradient_checkpointing_enable()
        if settings.offloading == "checkpoints":
            offload_checkpoints(model)
    whole = _adapt(model, settings, choices) if settings.trains_adapter else model
    whole.train()
    return StandIn(whole, model)


def set_attention(model: Any, attention: str) -> None:
    """Choose the implementation of attention, without the checks for installed kernels.

    "sdpa" is what transformers has chosen itself, which is eager for models that cannot use it.

    Raises:
        UserError: transformers has no flash attention for this model, and refuses to load it so.
    """
    if attention == "sdpa":
        return
    supports_flash = (
        getattr(model, name, False) for name in ("_supports_flash_attn", "_supports_flash_attn_2")
    )
    if attention == "flash_attention_2" and not any(supports_flash):
        raise UserError(
            N_("transformers %(version)s has no flash attention for models of type “%(type)s”."),
            version=transformers.__version__,
            type=model.config.model_type,
        )
    for module in model.modules():
        if hasattr(module, "config"):
            module.config._attn_implementation = attention
        if "_attn_implementation" in vars(module):
            module._attn_implementation = attention
        for flag, means in ATTENTION_FLAGS.items():
            if flag in vars(module):
                setattr(module, flag, attention == means)
    _choose_attention_class(model, attention)


def _choose_attention_class(model: Any, attention: str) -> None:
    """transformers before 4.48 has a class for each implementation, chosen when a layer is made."""
    file = vars(sys.modules[type(model).__module__])
    tables = [table for name, table in file.items() if name.endswith("_ATTENTION_CLASSES")]
    for module in model.modules():
        for table in tables:
            if type(module) in table.values() and attention in table:
                module.__class__ = table[attention]
                module._flash_attn_uses_top_left_mask = False  # flash-attn from 2.1 on


def _adapt(model: Any, settings: StepSettings, choices: Mapping[str, Any]) -> nn.Module:
    packed = settings.is_quantized
    stand_in = stand_in_for_bitsandbytes() if packed else nullcontext()
    with stand_in, torch.device("meta"):
        whole = with_peft(model, choices, asked=settings.lora_choices)
    give_dtype(whole, getattr(torch, settings.adapter_dtype))
    return whole


def _prepare_for_kbit(model: nn.Module, preparation: str) -> None:
    """Freeze the model and turn what is not packed into float32, as the trainer does.

    "all" is PEFT's `prepare_model_for_kbit_training`; "norms" is what trainers do that put
    embeddings and head back to half precision; "none" leaves every dtype.
    """
    converted: set[int] = set()  # a tied weight is met again
    for module in model.modules():
        for parameter in module.parameters(recurse=False):
            parameter.requires_grad = False
            one_dimensional = parameter.dim() == 1 and not isinstance(module, Linear4bit)
            if isinstance(parameter, Params4bit) or id(parameter) in converted:
                continue
            if preparation == "all" or (preparation == "norms" and one_dimensional):
                converted.add(id(parameter))
                parameter.loaded_dtype = parameter.dtype  # type: ignore[attr-defined]
                parameter.data = parameter.data.to(torch.float32)


def _restore_float32_buffers(model: nn.Module) -> None:
    """`from_pretrained` converts weights, not the buffers that are computed at their start."""
    for module in model.modules():
        for name, buffer in module._buffers.items():
            if buffer is not None and buffer.is_floating_point() and "inv_freq" in name:
                module._buffers[name] = buffer.to(torch.float32)
