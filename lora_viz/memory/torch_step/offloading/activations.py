"""Saved activations that wait on the host.

`OffloadActivations` of `trl/models/activation_offloading.py`, which is torchtune's
(`torchtune/training/_activation_offloading.py`), with its stream and its stash. Importing this
module loads torch.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.autograd.graph import saved_tensors_hooks

from lora_viz.memory.torch_step.offloading.checkpoints import Form, form_of, from_host

Key = tuple[int, int, torch.dtype]
SMALLEST = 1024  # min_offload_size, in bytes
STASH = 5  # max_fwd_stash_size: how many of the latest stay on the card while they are copied


class StorageNumbers:
    """A number for each storage, which no later one gets at the same address.

    TRL goes by addresses (`_get_unique_tensor_key`), so that it may leave on the card what lies
    where something else was; how often it does is chance, and not simulated.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[weakref.ref[Any], int]] = {}

    def __call__(self, storage: Any) -> int:
        known = self._known.get(storage._cdata)
        if known is not None and known[0]() is storage:
            return known[1]
        number = 1 + max((number for _storage, number in self._known.values()), default=0)
        self._known[storage._cdata] = (weakref.ref(storage), number)
        return number


class OffloadActivations(saved_tensors_hooks):
    """Moves what is saved to the host, but weights, small tensors and what is moved already."""

    def __init__(self, model: nn.Module) -> None:
        self.weights = {weight.untyped_storage()._cdata for weight in model.parameters()}
        self.saved: dict[int, torch.Tensor | Form] = {}
        self.count = 0
        self.number_of = StorageNumbers()
        self.moving: dict[int, torch.Tensor] = {}  # fwd_stash
        self.keys: dict[int, Key] = {}
        self.last_with: dict[Key, int] = {}  # storage_to_tensor_id
        self.returned: dict[int, torch.Tensor] = {}  # bwd_tensor_stash
        self.node: Any = None
        super().__init__(self.pack, self.unpack)

    def pack(self, tensor: torch.Tensor) -> int:
        """`pack_tensor`: the number under which a saved tensor is found again."""
        self.count += 1
        number, storage = self.count, tensor.untyped_storage()._cdata
        key = (self.number_of(tensor.untyped_storage()), int(tensor.storage_offset()), tensor.dtype)
        is_small = tensor.element_size() * tensor.nelement() < SMALLEST
        if key in self.last_with:
            self._track(number, key)
            self.saved[number] = tensor
            return number
        if is_small or storage in self.weights:
            self.saved[number] = tensor
            return number
        is_broadcast = 0 in tensor.stride()
        if not is_broadcast and (not tensor.is_contiguous() or tensor.storage_offset()):
            tensor = tensor.clone(memory_format=torch.contiguous_format)
        for earlier in [one for one in self.moving if one <= number - STASH]:
            self._moved(earlier)
        self.saved[number] = form_of(tensor)
        self.moving[number] = tensor
        self._track(number, key)
        return number

    def unpack(self, number: int) -> torch.Tensor:
        """`unpack_tensor_with_streams`: what comes back stays until the next node is done."""
        saved = self.saved.pop(number)
        if isinstance(saved, torch.Tensor):
            self._release(number)
            return saved
        node = torch._C._current_autograd_node()
        earlier: list[int] = []
        if node != self.node:
            self.node, earlier = node, list(self.returned)
        is_back = number not in self.moving
        tensor = from_host(saved) if is_back else self.moving[number]
        if is_back:
            self.returned[number] = tensor
        uses = _uses(tensor)

        def when_done(outputs: Any, _inputs: Any) -> Any:
            if is_back and number in self.returned and _uses(self.returned[number]) > uses:
                del self.returned[number]  # record_stream: freed with its last use
            for one in list(self.moving):
                self._moved(one)
            for one in earlier:
                self.returned.pop(one, None)
            return outputs

        node.register_hook(when_done)
        self._release(number)
        return tensor

    def finish(self) -> None:
        """`wait_and_del_remaining_references`, when the backward pass is over."""
        self.returned.clear()

    def _moved(self, number: int) -> None:
        del self.moving[number]
        self._release(number)

    def _track(self, number: int, key: Key) -> None:
        self.keys[number], self.last_with[key] = key, number

    def _release(self, number: int) -> None:
        key = self.keys.pop(number, None)
        if key is not None and self.last_with.get(key) == number:
            del self.last_with[key]


@contextmanager
def activations_offloaded(whole: nn.Module, head: nn.Module | None) -> Iterator[OffloadActivations]:
    """Move what is saved within to the host, but what the head saves (`NoOpManager`)."""
    offloading = OffloadActivations(whole)
    outside: list[saved_tensors_hooks] = []

    def enter(*_: Any) -> None:
        outside.append(saved_tensors_hooks(_as_it_is, _as_it_is))
        outside[-1].__enter__()

    def leave(*_: Any) -> None:
        outside.pop().__exit__()

    handles = (
        []
        if head is None
        else [
            head.register_forward_pre_hook(enter),
            head.register_forward_hook(leave, always_call=True),
        ]
    )
    with offloading:
        yield offloading
    for handle in handles:
        handle.remove()


def _uses(tensor: torch.Tensor) -> int:
    return torch._C._storage_Use_Count(tensor.untyped_storage()._cdata)


def _as_it_is(tensor: torch.Tensor) -> torch.Tensor:
    return tensor
