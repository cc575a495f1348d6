"""Weights in four bits as bitsandbytes holds them, without bitsandbytes.

`bitsandbytes` has no kernels for tensors without data. What stands in for its `Linear4bit` holds
the same storages and makes the same temporary copies. PEFT's own layer for such weights then runs
over it as it is. Importing this module loads torch and peft.
"""

from __future__ import annotations

import importlib.machinery
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any
from unittest.mock import patch

import torch
from peft.import_utils import is_bnb_4bit_available, is_bnb_available
from torch import nn

from lora_viz.adapter.tasks_from_peft import HEADS, task_of
from lora_viz.choices.quantizations import QUANTIZATIONS

# bitsandbytes/functional.py: quantize_4bit(blocksize=64), nested statistics in blocks of 256,
# a table of 16 float32 values for each weight.
BLOCK = 64
NESTED_BLOCK = 256
# `name2qmap["dynamic"]`, which the nested statistics of all weights share
NESTED_CODE_BYTES = 256 * 4
STAND_INS = ("bitsandbytes", "bitsandbytes.nn", "bitsandbytes.functional")


class Params4bit(nn.Parameter):
    """The packed weight, two values a byte, with what PEFT reads off it."""

    compress_statistics: bool
    quant_type: str
    quant_state: QuantState

    def __deepcopy__(self, _memo: Any) -> Params4bit:
        """A copy that keeps its constants, as bitsandbytes' own does; PEFT copies for DoRA."""
        copied = Params4bit(self.data.clone(), requires_grad=self.requires_grad)
        for name, value in vars(self).items():
            setattr(copied, name, value)
        return copied


class QuantState:
    """The constants of one packed weight: `shape` and `dtype` are those of the weight itself."""

    def __init__(self, weight: torch.Tensor, absmax: torch.Tensor, double_quant: bool) -> None:
        self.shape, self.dtype, self.double_quant = weight.shape, weight.dtype, double_quant
        self.code = torch.empty(16)
        self.absmax = absmax
        if double_quant:
            self.offset = absmax.mean()
            centred = absmax - self.offset
            self.nested_absmax = torch.empty(-(-absmax.numel() // NESTED_BLOCK))
            self.absmax = torch.empty_like(centred, dtype=torch.uint8)

    def tensors(self) -> list[torch.Tensor]:
        """Every tensor of the constants."""
        return [value for value in vars(self).values() if isinstance(value, torch.Tensor)]


def quantize_4bit(
    weight: torch.Tensor, double_quant: bool, storage: torch.dtype = torch.uint8
) -> tuple[torch.Tensor, QuantState]:
    """The packed weight and its constants, made in the order in which bitsandbytes makes them.

    Args:
        storage: bitsandbytes' `quant_storage`: a value of it holds two packed ones for each byte.
    """
    absmax = torch.empty(-(-weight.numel() // BLOCK))
    packed = torch.empty(((weight.numel() + 1) // (2 * storage.itemsize), 1), dtype=storage)
    return packed, QuantState(weight, absmax, double_quant)


def dequantize_4bit(_packed: torch.Tensor, quant_state: QuantState, **_: Any) -> torch.Tensor:
    """The weight in its own dtype, and the temporary float32 statistics of double quantization."""
    if quant_state.double_quant:
        torch.empty(quant_state.absmax.shape).add_(quant_state.offset)
    return torch.empty(quant_state.shape, dtype=quant_state.dtype)


class MatMul4Bit(torch.autograd.Function):
    """bitsandbytes/autograd/_functions.py: keeps the packed weight only, unpacks it twice."""

    @staticmethod
    def forward(  # type: ignore[override]
        context: Any,
        input: torch.Tensor,
        packed: torch.Tensor,
        bias: torch.Tensor | None,
        state: QuantState,
    ) -> torch.Tensor:
        context.save_for_backward(packed)
        context.state = state
        return nn.functional.linear(input, dequantize_4bit(packed, state).to(input.dtype), bias)

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> Any:  # type: ignore[override]
        (packed,) = context.saved_tensors
        (gradient,) = gradients
        weight = dequantize_4bit(packed, context.state).to(gradient.dtype)
        return torch.matmul(gradient, weight), None, None, None


class Linear4bit(nn.Linear):
    """What holds a packed weight in place of an `nn.Linear`; the result has the input's dtype."""

    weight: Params4bit  # type: ignore[assignment]

    def __init__(
        self,
        linear: nn.Linear,
        quantization: str,
        compute_dtype: torch.dtype,
        double_quant: bool,
        storage: torch.dtype = torch.uint8,
    ) -> None:
        super().__init__(linear.in_features, linear.out_features, bias=False, device="meta")
        self.bias = linear.bias
        self.compute_dtype = compute_dtype
        self.double_quant = double_quant
        self.quantization = quantization
        self.storage = storage
        self.weight = Params4bit(linear.weight.data, requires_grad=False)
        self.weight.quant_type = quantization
        self.weight.compress_statistics = double_quant
        with torch.device("meta"):
            _, self.quant_state = quantize_4bit(linear.weight, double_quant)
        self.weight.quant_state = self.quant_state

    def packed(self, weight: torch.Tensor) -> Params4bit:
        """The packed form of a weight with its constants, as loading in four bits makes it."""
        packed, state = quantize_4bit(weight, self.double_quant, self.storage)
        parameter = Params4bit(packed, requires_grad=False)
        parameter.quant_type = self.quantization
        parameter.compress_statistics = self.double_quant
        parameter.quant_state = self.quant_state = state
        return parameter

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        dtype = input.dtype
        bias = None if self.bias is None else self.bias.to(self.compute_dtype)
        converted = input.to(self.compute_dtype)
        result = MatMul4Bit.apply(converted, self.weight, bias, self.quant_state)
        return result.to(dtype)


@contextmanager
def dora_unpacks() -> Iterator[None]:
    """Let PEFT's DoRA unpack these weights too: it knows packed ones by the name of their class,
    which tensors without data do not keep."""
    from peft.tuners.lora import dora
    from peft.utils.integrations import dequantize_module_weight

    def unpack(module: nn.Module) -> torch.Tensor:
        if isinstance(module, Linear4bit) and not module.weight.is_meta:
            return dequantize_4bit(module.weight, module.quant_state)
        return dequantize_module_weight(module)

    with patch.object(dora, "dequantize_module_weight", unpack):
        yield


@contextmanager
def stand_in_for_bitsandbytes() -> Iterator[None]:
    """Let PEFT find a `bitsandbytes` whose `Linear4bit` is the one above, and nobody after that.

    PEFT chooses its layer for packed weights by bitsandbytes' class, and remembers for the whole
    process whether there is a bitsandbytes: it is made to look again, before and afterwards.
    """
    layers_8bit = type("Linear8bitLt", (nn.Linear,), {})
    functional = _module("bitsandbytes.functional", dequantize_4bit=dequantize_4bit)
    nn_part = _module(
        "bitsandbytes.nn", Linear4bit=Linear4bit, Params4bit=Params4bit, Linear8bitLt=layers_8bit
    )
    package = _module("bitsandbytes", nn=nn_part, functional=functional)
    before = {name: module for name, module in sys.modules.items() if name in STAND_INS}
    sys.modules.update(zip(STAND_INS, (package, nn_part, functional), strict=True))
    _forget_availability()
    try:
        from peft.tuners.lora import bnb as layers

        with patch.object(layers, "bnb", package):
            yield
    finally:
        for name in STAND_INS:
            del sys.modules[name]
        sys.modules.update(before)
        _forget_availability()


def _module(name: str, **contents: Any) -> ModuleType:
    module = ModuleType(name)
    module.__spec__ = importlib.machinery.ModuleSpec(name, None)
    vars(module).update(contents)
    return module


def _forget_availability() -> None:
    is_bnb_available.cache_clear()
    is_bnb_4bit_available.cache_clear()


def quantize(
    model: nn.Module,
    quantization: str,
    double_quant: bool,
    compute_dtype: torch.dtype,
    saved: tuple[str, ...] = (),
    storage: torch.dtype = torch.uint8,
) -> None:
    """Replace every linear layer but the heads by one that will hold a packed weight.

    transformers' `get_modules_to_not_convert` leaves out the head, what is tied to it, the last
    module, and what the model keeps in float32, such as T5's `wo`. What PEFT trains in full, a
    head or a module of these `saved` names, stays too: packed it could not be trained, so it is
    named in `llm_int8_skip_modules`. Layers that are not `nn.Linear`, such as experts in one
    tensor, stay as they are; GPT-2's Conv1D becomes a Linear (`replace_with_bnb_linear`).

    Raises:
        KeyError: there is no quantisation of this name.
        NotImplementedError: it does not pack into four bits.
    """
    if QUANTIZATIONS[quantization].bits != 4:
        raise NotImplementedError(quantization)
    keep = _not_converted(model, saved)
    for name, module in list(model.named_modules()):
        linear = _as_linear(module)
        if linear is None or name in keep:
            continue
        parent_name, _, child = name.rpartition(".")
        setattr(
            model.get_submodule(parent_name),
            child,
            Linear4bit(linear, quantization, compute_dtype, double_quant, storage),
        )


def _not_converted(model: Any, saved: tuple[str, ...]) -> set[str]:
    head = model.get_output_embeddings()
    kept = set(getattr(model, "_keep_in_fp32_modules", None) or ())
    has_trained_head = task_of(model) is not None
    names = {
        name
        for name, module in model.named_modules()
        if module is head
        or kept & set(name.split("."))
        or (has_trained_head and any(part.endswith(HEADS) for part in name.split(".")))
        or any(start.endswith(saved) for start in _paths_to(name) if saved)
    }
    last = [name for name, _ in model.named_parameters()][-1]
    return names | {last.rpartition(".")[0]}


def _paths_to(name: str) -> Iterator[str]:
    """The names of the modules that a module is in, and its own."""
    parts = name.split(".")
    for count in range(len(parts)):
        yield ".".join(parts[: count + 1])


def _as_linear(module: nn.Module) -> nn.Linear | None:
    from transformers.pytorch_utils import Conv1D

    if isinstance(module, nn.Linear):
        return module
    if isinstance(module, Conv1D):
        size_in, size_out = module.weight.shape
        linear = nn.Linear(size_in, size_out, device="meta", dtype=module.weight.dtype)
        linear.bias = module.bias
        return linear
    return None
