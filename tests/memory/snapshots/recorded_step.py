"""A snapshot of a real training step on the CPU, in the form of `torch.cuda.memory._snapshot`.

CUDA's allocator writes such a history by itself; here a dispatch mode sees every storage that
PyTorch makes, with Python's own stack. What each storage truly is, is known by identity.
"""

from __future__ import annotations

import copy
import traceback
import weakref
from collections import Counter
from typing import Any

import peft
import torch
import transformers
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

from lora_viz.memory.trace import rounded


class HistoryMode(TorchDispatchMode):
    """Writes an event for each storage that is made or freed while it is on."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict[str, Any]] = []
        self.numbers: dict[int, int] = {}
        self.kinds: dict[int, str] = {}
        self.closed = False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for tensor in tree_iter(result):
            if isinstance(tensor, torch.Tensor):
                self.see(tensor)
        return result

    def see(self, tensor: torch.Tensor) -> None:
        storage = tensor.untyped_storage()
        if storage._cdata in self.numbers or not storage.nbytes():
            return
        number = len(self.events)
        self.numbers[storage._cdata] = number
        frames = [
            {"filename": frame.filename, "line": frame.lineno, "name": frame.name}
            for frame in reversed(traceback.extract_stack()[:-2])
        ]
        self.write("alloc", number, storage.nbytes(), frames)
        weakref.finalize(storage, self.freed, storage._cdata, number, storage.nbytes())

    def freed(self, address: int, number: int, size: int) -> None:
        if not self.closed:
            self.numbers.pop(address, None)
            self.write("free_completed", number, size, [])

    def write(self, action: str, number: int, size: int, frames: list[Any]) -> None:
        event = {"action": action, "addr": number, "size": size, "stream": 0, "frames": frames}
        self.events.append(event)

    def name(self, tensor: torch.Tensor, kind: str) -> None:
        """Say what a storage truly is."""
        self.kinds[self.numbers[tensor.untyped_storage()._cdata]] = kind

    def snapshot(self) -> dict[str, Any]:
        """The history with what is there at its end."""
        self.closed = True
        alive: dict[int, dict[str, Any]] = {}
        for event in self.events:
            if event["action"] == "alloc":
                alive[event["addr"]] = event
            else:
                alive.pop(event["addr"], None)
        blocks = [
            {
                "address": event["addr"],
                "size": rounded(event["size"]),
                "requested_size": event["size"],
                "state": "active_allocated",
                "frames": event["frames"],
            }
            for event in alive.values()
        ]
        total = sum(block["size"] for block in blocks)
        return {
            "segments": [{"device": 0, "address": 0, "total_size": total, "blocks": blocks}],
            "device_traces": [copy.deepcopy(self.events)],
        }

    def true_kinds_at_highest(self) -> tuple[int, Counter[str]]:
        """The most bytes at once, and those of each kind that has been named."""
        allocated, highest = 0, 0
        there: dict[int, int] = {}
        best: dict[int, int] = {}
        for event in self.events:
            size = rounded(event["size"])
            if event["action"] == "alloc":
                there[event["addr"]] = size
                allocated += size
            else:
                there.pop(event["addr"])
                allocated -= size
            if allocated > highest:
                highest, best = allocated, dict(there)
        kinds: Counter[str] = Counter()
        for number, size in best.items():
            if number in self.kinds:
                kinds[self.kinds[number]] += size
        return highest, kinds


def recorded_training(*, adapts: bool, checkpointing: bool, length: int) -> HistoryMode:
    """Two steps of a small Llama, with LoRA or in full, recorded from its first weight on."""
    config = transformers.LlamaConfig(
        vocab_size=499,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
    )
    history = HistoryMode()
    with history:
        adapted: Any = transformers.LlamaForCausalLM(config)
        if adapts:
            choices = peft.LoraConfig(r=8, target_modules=["q_proj", "down_proj"])
            adapted = peft.get_peft_model(adapted, choices)
        if checkpointing:
            adapted.gradient_checkpointing_enable({"use_reentrant": False})
            adapted.enable_input_require_grads()
        adapted.train()
        trained = [one for one in adapted.parameters() if one.requires_grad]
        optimizer = torch.optim.AdamW(trained, lr=1e-3, foreach=True)
        tokens = torch.randint(0, 499, (2, length))
        for _step in range(2):
            adapted(input_ids=tokens, labels=tokens)["loss"].backward()
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
            for parameter in trained:
                assert parameter.grad is not None
                history.name(parameter.grad, "gradients")
            optimizer.zero_grad()
        for name, parameter in adapted.named_parameters():
            history.name(parameter, "adapter" if "lora_" in name else "weights")
        for state in optimizer.state.values():
            for tensor in state.values():
                history.name(tensor, "optimizer")
    history.closed = True
    return history
