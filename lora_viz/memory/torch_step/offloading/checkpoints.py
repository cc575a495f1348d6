"""Gradient checkpoints that wait on the host.

`Unsloth_Offloaded_Gradient_Checkpointer` of `unsloth_zoo/gradient_checkpointing.py`, which
LLaMA-Factory (`model/model_utils/checkpointing.py`) and axolotl (`offload_cpu.py`) have too.
Importing this module loads torch.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

Form = tuple[torch.Size, tuple[int, ...], torch.dtype]


def offload_checkpoints(model: nn.Module) -> None:
    """Let every block that is checkpointed keep its input on the host."""
    for module in model.modules():
        if hasattr(module, "_gradient_checkpointing_func"):
            module._gradient_checkpointing_func = OffloadedCheckpoint.apply  # type: ignore[assignment]


class OffloadedCheckpoint(torch.autograd.Function):
    """A block that is run without its graph, and again from its input when gradients come."""

    @staticmethod
    @torch.amp.custom_fwd(device_type="cpu")
    def forward(context: Any, block: Any, hidden: torch.Tensor, *args: Any) -> Any:  # type: ignore[override]
        with torch.no_grad():
            output = block(hidden, *args)
        context.block, context.args, context.host = block, args, form_of(hidden)
        return output

    @staticmethod
    @torch.amp.custom_bwd(device_type="cpu")
    def backward(context: Any, *gradients: torch.Tensor) -> Any:  # type: ignore[override]
        hidden = from_host(context.host).requires_grad_(True)
        with torch.enable_grad():
            output = context.block(hidden, *context.args)
            output = output[0] if isinstance(output, tuple) else output
        run_backward(output, gradients[0])
        return None, hidden.grad, *(None for _argument in context.args)


def run_backward(output: torch.Tensor, gradient: torch.Tensor) -> None:
    """`output.backward(gradient)`, which would itself be a function that modes take off for.

    What is computed again for gradient checkpointing has to run with the modes' corrections.
    """
    torch.autograd.Variable._execution_engine.run_backward(  # type: ignore[attr-defined]
        (output,), (gradient,), False, False, (), allow_unreachable=True, accumulate_grad=True
    )


def form_of(tensor: torch.Tensor) -> Form:
    """What a copy on the host, which takes nothing of the card, has to remember."""
    return tensor.shape, tensor.stride(), tensor.dtype


def from_host(form: Form) -> torch.Tensor:
    """The tensor on the card again, in a new storage."""
    shape, stride, dtype = form
    return torch.empty_strided(shape, stride, dtype=dtype)
