"""The model of a simulated step: its real classes with PEFT's adapter, over tensors without data.

Importing this module loads torch, transformers and peft.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from torch import nn

from lora_viz.memory.quantized import Linear4bit, Params4bit, quantize, stand_in_for_bitsandbytes
from lora_viz.memory.settings import StepSettings
from lora_viz.peft_layout import is_adapter, refused_readably


@dataclass(frozen=True)
class StandIn:
    """A model ready for a step: `base` is transformers' own, `whole` PEFT's model around it."""

    whole: nn.Module
    base: Any


def prepare_model(model: Any, settings: StepSettings, targets: str | list[str]) -> StandIn:
    """Quantise, adapt and convert a meta model as training scripts do; still without storages."""
    dtype = getattr(torch, settings.base_dtype)
    model.to(dtype)
    _restore_float32_buffers(model)
    set_attention(model, settings.attention)
    if settings.quantization == "nf4":
        quantize(model, settings.double_quant, dtype)
        model.is_loaded_in_4bit = True
        model.config._pre_quantization_dtype = dtype  # as transformers' quantizers note it
        _prepare_for_kbit(model, settings.kbit_preparation)
    if settings.gradient_checkpointing:
        if settings.method != "full":
            model.enable_input_require_grads()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.gradient_checkpointing_enable()
    whole = model if settings.method == "full" else _adapt(model, settings, targets)
    whole.train()
    return StandIn(whole, model)


def give_storages(whole: nn.Module, begin: Callable[[nn.Module], None]) -> None:
    """Replace every meta parameter and buffer by an empty tensor; tied ones stay tied.

    Under a `FakeTensorMode` the empty tensors have storages that are counted and take nothing. The
    order is that of a real start, because the allocator's cache remembers it: the base model's
    weights one by one, each packed weight after the unpacked one that it is made of, then what is
    converted to float32, then the adapter.

    Args:
        begin: called with the module whose tensors come next.
    """
    made: dict[int, nn.Parameter] = {}
    base, adapter = [], []
    for prefix, module in whole.named_modules():
        for name, parameter in module.named_parameters(recurse=False, remove_duplicate=False):
            (adapter if is_adapter(f"{prefix}.{name}") else base).append((module, name, parameter))
    for module, name, parameter in sorted(base, key=_name_in_state_dict(whole)):
        begin(module)
        _load(made, module, name, parameter)
    for module, name, parameter in base:
        begin(module)
        _convert(made, module, name, parameter)
    for module, name, parameter in adapter:
        begin(module)
        module._parameters[name] = nn.Parameter(
            torch.empty_like(parameter, device="cpu"), requires_grad=parameter.requires_grad
        )
    for module in whole.modules():
        begin(module)
        for name, buffer in module.named_buffers(recurse=False):
            module._buffers[name] = torch.empty_like(buffer, device="cpu")


def _name_in_state_dict(whole: nn.Module) -> Callable[[tuple[nn.Module, str, nn.Parameter]], Any]:
    """A key to sort weights into the order in which transformers reads them: by name.

    transformers 5 sorts by `dot_natural_key`; the files that earlier versions read have their
    names in order too.
    """
    names = {id(module): name.replace(".base_layer", "") for name, module in whole.named_modules()}

    def key(entry: tuple[nn.Module, str, nn.Parameter]) -> list[tuple[bool, int, str]]:
        parts = f"{names[id(entry[0])]}.{entry[1]}".split(".")
        return [(not p.isdigit(), int(p) if p.isdigit() else 0, p) for p in parts]

    return key


def _load(
    made: dict[int, nn.Parameter], module: nn.Module, name: str, parameter: nn.Parameter
) -> None:
    """A base weight as it is read from its file, packed at once if it will be."""
    if id(parameter) not in made:
        dtype = getattr(parameter, "loaded_dtype", parameter.dtype)
        loaded = torch.empty_like(parameter, device="cpu", dtype=dtype)
        if isinstance(parameter, Params4bit):
            assert isinstance(module, Linear4bit)
            made[id(parameter)] = module.packed(loaded)
        else:
            made[id(parameter)] = nn.Parameter(loaded, requires_grad=parameter.requires_grad)
    module._parameters[name] = made[id(parameter)]


def _convert(
    made: dict[int, nn.Parameter], module: nn.Module, name: str, parameter: nn.Parameter
) -> None:
    """The conversion to float32 that preparing for training over packed weights makes."""
    now = made[id(parameter)]
    is_packed = isinstance(parameter, Params4bit)
    if not is_packed and now.dtype != parameter.dtype:
        made[id(parameter)] = nn.Parameter(now.to(parameter.dtype), requires_grad=False)
    module._parameters[name] = made[id(parameter)]


def set_attention(model: Any, attention: str) -> None:
    """Choose the implementation of attention, without the checks for installed kernels.

    "sdpa" is what transformers has chosen itself, which is eager for models that cannot use it.
    """
    if attention == "sdpa":
        return
    for module in model.modules():
        if hasattr(module, "config"):
            module.config._attn_implementation = attention
        if "_attn_implementation" in vars(module):
            module._attn_implementation = attention
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


def _adapt(model: Any, settings: StepSettings, targets: str | list[str]) -> nn.Module:
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        target_modules=targets,
        lora_dropout=settings.dropout,
        use_rslora=settings.rslora,
        use_dora=settings.dora,
        bias=settings.bias,  # type: ignore[arg-type]
    )
    packed = settings.quantization == "nf4"
    stand_in = stand_in_for_bitsandbytes() if packed else nullcontext()
    with stand_in, refused_readably(model, settings.peft_targets), torch.device("meta"):
        whole = get_peft_model(model, config)
    dtype = getattr(torch, settings.adapter_dtype)
    for name, parameter in whole.named_parameters():
        if is_adapter(name):
            parameter.data = parameter.data.to(dtype)
    return whole


def _prepare_for_kbit(model: nn.Module, preparation: str) -> None:
    """Freeze the model and turn what is not packed into float32, as the trainer does.

    "all" is PEFT's `prepare_model_for_kbit_training`; "norms" is what trainers do that put
    embeddings and head back to half precision; "none" leaves every dtype.
    """
    for module in model.modules():
        for parameter in module.parameters(recurse=False):
            parameter.requires_grad = False
            one_dimensional = parameter.dim() == 1 and not isinstance(module, Linear4bit)
            if isinstance(parameter, Params4bit) or preparation == "none":
                continue
            if preparation == "all" or one_dimensional:
                parameter.loaded_dtype = parameter.dtype  # type: ignore[attr-defined]
                parameter.data = parameter.data.to(torch.float32)


def _restore_float32_buffers(model: nn.Module) -> None:
    """`from_pretrained` converts weights, not the buffers that are computed at their start."""
    for module in model.modules():
        for name, buffer in module._buffers.items():
            if buffer is not None and buffer.is_floating_point() and "inv_freq" in name:
                module._buffers[name] = buffer.to(torch.float32)
