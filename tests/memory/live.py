"""Storages that are alive on a real device, and other libraries' files run with stand-ins."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

LIBRARIES = Path(__file__).parent / "libraries"


class Live(TorchDispatchMode):
    """Counts the bytes of storages that are made within and still there, and the most of them."""

    def __init__(self, *known: torch.Tensor) -> None:
        super().__init__()
        self.bytes = self.most = 0
        self._seen = {tensor.untyped_storage()._cdata for tensor in known}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, torch.Tensor) and tensor.device.type == "cpu":
                self._see(tensor.untyped_storage())
        return result

    def _see(self, storage: Any) -> None:
        key, size = storage._cdata, storage.nbytes()
        if key in self._seen or not size:
            return
        self._seen.add(key)
        self.bytes += size
        self.most = max(self.most, self.bytes)
        weakref.finalize(storage, self._gone, key, size)

    def _gone(self, key: int, size: int) -> None:
        self._seen.discard(key)
        self.bytes -= size


class NoKernel:
    """A Triton kernel, which allocates nothing."""

    def __getitem__(self, _grid: object) -> Callable[..., None]:
        return lambda *_, **__: None


def run_file(
    name: str,
    monkeypatch: Any,
    modules: Mapping[str, Mapping[str, Any]],
    replaced: Mapping[str, str] | None = None,
    **names: Any,
) -> dict[str, Any]:
    """A library's file, run where `modules` stand in for those that it imports.

    What it says of CUDA is said of the CPU, after passages are `replaced` in its text; `names`
    replace names of its own.
    """
    for module, content in modules.items():
        made = ModuleType(module)
        made.__dict__.update(content)
        monkeypatch.setitem(sys.modules, module, made)
    text = (LIBRARIES / f"{name}.txt").read_text(encoding="utf-8")
    for passage, other in (replaced or {}).items():
        assert passage in text
        text = text.replace(passage, other)
    text = text.replace('"cuda"', '"cpu"')
    namespace: dict[str, Any] = {"__name__": name, "__package__": "library.kernels"}
    exec(compile(text, name, "exec"), namespace)
    monkeypatch.delitem(sys.modules, "triton", raising=False)  # torch would take it for whole
    namespace.update(names)
    return namespace


TRITON = {"cdiv": lambda a, b: -(-a // b), "next_power_of_2": lambda n: 1 << (n - 1).bit_length()}
