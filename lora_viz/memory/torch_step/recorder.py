"""A record of every storage that a computation allocates and frees, with what it is for.

Importing this module loads torch; only worker processes and the command line do.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter
from torch.utils.flop_counter import flop_registry

from lora_viz.memory.torch_step.cuda import grouped_product, is_on_host, temporaries
from lora_viz.memory.trace import Allocation, Event, Segment, Trace, rounded

SHARDED = "DTensor"  # torch's class of tensors that are spread over cards, which costs an import
MOST_OPERATIONS = 60_000  # of one block's forward pass; a step of more takes about a minute


class EndlessBlockError(Exception):
    """A block's forward pass has more operations than can be written down in the time there is.

    Those of other models have a few hundred; this one's loop over the tokens in Python.
    """


class Recorder(TorchDispatchMode):
    """Writes down what happens to storages while it is active. Use it above a FakeTensorMode."""

    def __init__(self) -> None:
        super().__init__()
        self.trace = Trace()
        self._numbers: dict[int, int] = {}
        self._alive: set[int] = set()
        self._elsewhere: set[int] = set()
        self._closed = self._paused = False
        self.begin("setup", None)

    def begin(self, phase: str, part: int | None) -> None:
        """From here on everything belongs to another segment, unless it is the same one."""
        segments = self.trace.segments
        if segments and (segments[-1].phase, segments[-1].part) == (phase, part):
            return
        self.trace.segments.append(Segment(phase, part))
        self._operations = 0

    @property
    def phase(self) -> str:
        """The phase that is being recorded."""
        return self.trace.segments[-1].phase

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if self._paused:
            return func(*args, **(kwargs or {}))
        if any(kind.__name__ == SHARDED for kind in types):
            return NotImplemented  # its operations come back, each on the part of this card
        self._operations += 1
        if self._operations > MOST_OPERATIONS and self.phase == "forward":
            raise EndlessBlockError
        beside = temporaries(func, args)
        self._see_all(beside)
        if func is torch.ops.aten._grouped_mm.default and args[0].dtype is not torch.bfloat16:
            result = grouped_product(args[0], args[1], _groups(args, kwargs or {}))
        else:
            result = func(*args, **(kwargs or {}))
        self._count_flops(func, args, kwargs or {}, result)
        owners = self._owners(args, kwargs or {}) if self.phase == "optimizer" else {}
        if self.phase == "optimizer" and is_on_host(func):
            self.leaves(result)  # it never comes to the card
        for place, tensor in enumerate(_tensors(result)):
            self.see(tensor, owner=owners.get(place, owners.get(-1)))
        del beside  # not before the result is there
        return result

    def see(self, tensor: torch.Tensor, kind: str = "", owner: int | None = None) -> None:
        """Count a tensor's storage, unless it is counted already; `kind` says what it is."""
        if self._paused:
            return
        storage = storage_of(tensor)
        known = self._numbers.get(storage._cdata)
        if known is not None:
            if kind:
                self.trace.allocations[known].kind = kind
            return
        if storage._cdata in self._elsewhere:
            return
        if storage.nbytes() and tensor.device.type != "meta":
            self._count(storage, kind, owner, tuple(tensor.shape))

    def resized(self, storage: Any, kind: str) -> None:
        """Count a storage that was given its bytes, or that all of them were taken from."""
        known = self._numbers.get(storage._cdata)
        if known is not None:
            self._freed(storage._cdata, known)
        if storage.nbytes() and not self._paused:
            self._count(storage, kind, None, ())

    def leaves(self, tensor: torch.Tensor) -> None:
        """Count a tensor's storage no longer: it is somewhere else than on the card."""
        storage = storage_of(tensor)
        known = self._numbers.get(storage._cdata)
        if known is not None:
            self._freed(storage._cdata, known)
        self._elsewhere.add(storage._cdata)
        weakref.finalize(storage, self._elsewhere.discard, storage._cdata)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Write down nothing that is done meanwhile but what is freed."""
        before, self._paused = self._paused, True
        try:
            yield
        finally:
            self._paused = before

    def _count(self, storage: Any, kind: str, owner: int | None, shape: tuple[int, ...]) -> None:
        number = len(self.trace.allocations)
        segment = len(self.trace.segments) - 1
        self.trace.allocations.append(
            Allocation(rounded(storage.nbytes()), segment, kind, owner, shape)
        )
        self.trace.events.append(Event(number, False, segment))
        self._numbers[storage._cdata] = number
        self._alive.add(number)
        weakref.finalize(storage, self._freed, storage._cdata, number)

    def _see_all(self, tensors: list[torch.Tensor]) -> None:
        for tensor in tensors:
            self.see(tensor)

    def number(self, tensor: torch.Tensor) -> int | None:
        """The allocation that a tensor lies in."""
        return self._numbers.get(storage_of(tensor)._cdata)

    def mark(self, tensor: torch.Tensor, kind: str, owner: int | None) -> None:
        """Say what a tensor's allocation is and which block it belongs to."""
        number = self.number(tensor)
        if number is not None:
            self.trace.allocations[number].kind = kind
            self.trace.allocations[number].owner = owner

    def take_once(self, size: int, kind: str) -> None:
        """Count memory that a library takes once and keeps for all that needs it."""
        segment = len(self.trace.segments) - 1
        self.trace.allocations.append(Allocation(rounded(size), segment, kind))
        self.trace.events.append(Event(len(self.trace.allocations) - 1, False, segment))

    def close(self) -> None:
        """Write nothing more down: what is freed from here on is freed by the recording's end."""
        self._closed = True

    def add_flops(self, count: float) -> None:
        """Count floating-point operations that no single operation of PyTorch shows."""
        if not self._paused:
            self.trace.segments[-1].flops += count

    def _freed(self, address: int, number: int) -> None:
        if self._closed or number not in self._alive:
            return
        self._alive.discard(number)
        if self._numbers.get(address) == number:
            del self._numbers[address]
        self.trace.events.append(Event(number, True, len(self.trace.segments) - 1))

    def _count_flops(self, func: Any, args: Any, kwargs: dict[str, Any], result: Any) -> None:
        count = flop_registry.get(func._overloadpacket)
        if count is not None:
            self.add_flops(count(*args, **kwargs, out_val=result))

    def _owners(self, args: Any, kwargs: dict[str, Any]) -> dict[int, int | None]:
        """Which block each result of an optimizer's operation belongs to, by its place.

        A list operation (`_foreach_…`) gives a result for every member of its first list; any
        other gives results for the block of its first input (place −1 stands for all of them).
        """
        for argument in args:
            if isinstance(argument, (list, tuple)) and _holds_tensors(argument):
                return {place: self._owner(tensor) for place, tensor in enumerate(argument)}
        for tensor in _tensors((args, kwargs)):
            return {-1: self._owner(tensor)}
        return {}

    def _owner(self, tensor: Any) -> int | None:
        number = self.number(tensor) if isinstance(tensor, torch.Tensor) else None
        return None if number is None else self.trace.allocations[number].owner


def storage_of(tensor: torch.Tensor) -> Any:
    """A tensor's storage; that of this card's part where the tensor is spread over several."""
    return getattr(tensor, "_local_tensor", tensor).untyped_storage()


def _groups(args: Any, kwargs: dict[str, Any]) -> int:
    """How many groups a grouped product has: as many as it has offsets."""
    return (kwargs["offs"] if "offs" in kwargs else args[2]).shape[0]


def _holds_tensors(values: Sequence[Any]) -> bool:
    return bool(values) and isinstance(values[0], torch.Tensor)


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    return (item for item in tree_iter(value) if isinstance(item, torch.Tensor))
