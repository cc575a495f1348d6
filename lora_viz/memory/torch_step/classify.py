"""What each allocation of a step turned out to be: the kinds of memory.

Importing this module loads torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from lora_viz.adapter.from_peft import is_adapter, is_copy
from lora_viz.memory.torch_step.four_bits import Linear4bit
from lora_viz.memory.torch_step.optimizers import kind_of_state
from lora_viz.memory.torch_step.recorder import Recorder
from lora_viz.memory.trace import Trace


def mark_weights(recorder: Recorder, whole: nn.Module, part_of: Mapping[int, int]) -> None:
    """Say of every weight, buffer and quantisation constant what it is and whose.

    Args:
        part_of: the number of the block that a module is in, by the module's id.
    """
    for prefix, module in whole.named_modules():
        owner = part_of.get(id(module))
        for name, parameter in module.named_parameters(recurse=False):
            recorder.mark(parameter, _kind_of_weight(f"{prefix}.{name}"), owner)
        for buffer in module.buffers(recurse=False):
            recorder.mark(buffer, "weights", owner)
        if isinstance(module, Linear4bit):
            for tensor in module.quant_state.tensors():
                recorder.mark(tensor, "quantization", owner)


def _kind_of_weight(name: str) -> str:
    if is_copy(name):
        return "modules_to_save"
    return "adapter" if is_adapter(name) else "weights"


def mark_trained(
    recorder: Recorder, trainable: list[nn.Parameter], state: Any, optimizer: str
) -> None:
    """Say of gradients and optimizer state what they are and which block they belong to."""
    for parameter in trainable:
        number = recorder.number(parameter)
        owner = None if number is None else recorder.trace.allocations[number].owner
        if parameter.grad is not None:
            recorder.mark(parameter.grad, "gradients", owner)
        for part, tensor in state.get(parameter, {}).items():
            if isinstance(tensor, torch.Tensor):
                recorder.mark(tensor, kind_of_state(optimizer, part, tensor), owner)


def classify(trace: Trace, vocabulary: int) -> None:
    """Name the kinds that only the whole step shows.

    What has the vocabulary as a dimension is logits and loss; what is made in the forward pass and
    still there at its end is an activation; everything else is a temporary.
    """
    forward_end = _end_of_forward(trace)
    alive = _alive_after(trace, forward_end)
    for number, allocation in enumerate(trace.allocations):
        if allocation.kind:
            continue
        phase = trace.segments[allocation.segment].phase
        if vocabulary in allocation.shape and phase in ("forward", "backward"):
            allocation.kind = "logits"
        elif phase == "forward" and number in alive:
            allocation.kind = "activations"
        else:
            allocation.kind = "temporaries"


def _end_of_forward(trace: Trace) -> int:
    return next(
        index
        for index, event in enumerate(trace.events)
        if trace.segments[event.segment].phase == "backward"
    )


def _alive_after(trace: Trace, index: int) -> set[int]:
    alive: set[int] = set()
    for event in trace.events[:index]:
        if event.frees:
            alive.discard(event.allocation)
        else:
            alive.add(event.allocation)
    return alive
