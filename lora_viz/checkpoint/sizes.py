"""Exact sizes in bytes of what training saves: the adapter, the full model, the optimizer state."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import prod

from lora_viz.adapter.layout import AdapterLayout, AdapterTensor
from lora_viz.checkpoint.file_formats import (
    StoredTensor,
    pickled_int_bytes,
    safetensors_bytes,
    torch_file_bytes,
)
from lora_viz.dtypes import BYTES_PER_VALUE

OPTIMIZER_FILE_STEM = "optimizer"
STEP_BYTES = 4


@dataclass(frozen=True)
class SavedFile:
    """One file and its size in bytes."""

    name: str
    bytes: int


@dataclass(frozen=True)
class OptimizerLayout:
    """What does not depend on the rank in `optimizer.pt`.

    `tensors` are the trained ones in the order in which the optimizer keeps them, `moments` is
    how many tensors of the same shape it keeps for each, `pickle_bytes` the size of the file's
    pickle if every size were 1.
    """

    tensors: tuple[AdapterTensor, ...]
    moments: int
    pickle_bytes: int


def adapter_bytes(layout: AdapterLayout, rank: int, adapter_dtype: str, base_dtype: str) -> int:
    """Size of `adapter_model.safetensors` as `PeftModel.save_pretrained` writes it."""
    return safetensors_bytes(
        StoredTensor(
            tensor.name, tensor.shape_at(rank), tensor_dtype(tensor, adapter_dtype, base_dtype)
        )
        for tensor in layout.tensors
        if tensor.saved
    )


def converted_bytes(layout: AdapterLayout, rank: int, adapter_dtype: str) -> int:
    """Size of an adapter that PEFT has converted for the base's own weights as it saved it.

    Where A and B began as a part of W, `path_initial_model_for_weight_conversion` subtracts that:
    the file then has A and B alone, of twice the rank (`LoraModel.subtract_mutated_init`).
    """
    return safetensors_bytes(
        StoredTensor(tensor.name, _doubled(tensor.shape_at(rank), axis), adapter_dtype)
        for tensor in layout.tensors
        for axis, part in enumerate((".lora_A.", ".lora_B."))
        if tensor.saved and part in tensor.name
    )


def _doubled(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    return tuple(size * 2 if place == axis else size for place, size in enumerate(shape))


@lru_cache(maxsize=64)
def optimizer_bytes(layout: OptimizerLayout, rank: int, adapter_dtype: str, base_dtype: str) -> int:
    """Size of `optimizer.pt` as `transformers.Trainer` saves it after training on a CPU.

    From a GPU its pickle names another device, which can change the size by up to 64 bytes.
    """
    pickle_bytes, storages = layout.pickle_bytes, []
    for tensor in layout.tensors if layout.moments else ():
        shape = tensor.shape_at(rank)
        moment = prod(shape) * BYTES_PER_VALUE[tensor_dtype(tensor, adapter_dtype, base_dtype)]
        storages += [STEP_BYTES] + [moment] * layout.moments
        growth = _pickled_shape_bytes(shape) - _pickled_shape_bytes((1,) * len(shape))
        pickle_bytes += layout.moments * growth
    return torch_file_bytes(OPTIMIZER_FILE_STEM, pickle_bytes, storages)


def tensor_dtype(tensor: AdapterTensor, adapter_dtype: str, base_dtype: str) -> str:
    """The dtype that a trained or saved tensor has."""
    return adapter_dtype if tensor.in_adapter_dtype else base_dtype


def _pickled_shape_bytes(shape: tuple[int, ...]) -> int:
    """Bytes of the integers that describe one contiguous tensor: its length, sizes and strides."""
    strides = [prod(shape[axis + 1 :]) for axis in range(len(shape))]
    return sum(map(pickled_int_bytes, (prod(shape), *shape, *strides)))
