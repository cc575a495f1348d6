"""How a model gets onto the device: in which order its tensors take their storages.

Importing this module loads torch, transformers and peft.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn
from transformers import modeling_utils

from lora_viz.adapter.from_peft import is_adapter, is_copy, without_wrappers
from lora_viz.memory.torch_step.four_bits import Linear4bit, Params4bit


def warm_up_allocator(model: Any, times: Mapping[int, int]) -> None:
    """Allocate one large block and free it, as transformers does before it loads in four bits.

    `caching_allocator_warmup` in modeling_utils.py, from 4.50 on: the weights are cut out of that
    block. It runs where there is a device map, which `update_device_map` of bitsandbytes'
    quantizer sets. Its bytes are those of the weights, tied ones once; transformers 5 counts half
    a byte for a value that will be packed (`get_total_byte_count`), earlier versions half of the
    unpacked bytes (a factor of 4 for elements of two bytes). That the card has so much is assumed.

    Args:
        times: how many parameters of the whole model each one stands for, by its id; 1 if absent.
    """
    if not hasattr(modeling_utils, "caching_allocator_warmup"):
        return
    counts_packed = hasattr(modeling_utils, "get_total_byte_count")
    size = 0.0
    for name, parameter in model.named_parameters():
        if is_adapter(name) or is_copy(name):
            continue
        value = getattr(parameter, "loaded_dtype", parameter.dtype).itemsize
        if not counts_packed:
            value /= 2
        elif isinstance(parameter, Params4bit):
            value = 0.5
        size += parameter.numel() * value * times.get(id(parameter), 1)
    torch.empty(int(size) // 2, dtype=torch.float16)


def give_storages(whole: nn.Module, begin: Callable[[nn.Module], None]) -> None:
    """Replace every meta parameter and buffer by an empty tensor; tied ones stay tied.

    Under a `FakeTensorMode` the empty tensors have storages that are counted and take nothing. The
    order is that of a real start, because the allocator's cache remembers it: the base model's
    weights one by one, each packed weight after the unpacked one that it is made of, then what is
    converted to float32, then the adapter, then the copies of modules that are trained in full.

    Args:
        begin: called with the module whose tensors come next.
    """
    made: dict[int, nn.Parameter] = {}
    base, adapter, copies = [], [], []
    for prefix, module in whole.named_modules():
        for name, parameter in module.named_parameters(recurse=False, remove_duplicate=False):
            path = f"{prefix}.{name}"
            list_of = copies if is_copy(path) else adapter if is_adapter(path) else base
            list_of.append((module, name, parameter))
    for module, name, parameter in sorted(base, key=_name_in_state_dict(whole)):
        begin(module)
        _load(made, module, name, parameter)
    for module, name, parameter in base:
        begin(module)
        _convert(made, module, name, parameter)
    for module, name, parameter in (*adapter, *copies):
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
    names = {id(module): without_wrappers(name) for name, module in whole.named_modules()}

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
