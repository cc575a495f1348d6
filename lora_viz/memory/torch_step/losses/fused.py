"""Liger's loss fused with the head: gradients are made in the forward pass, chunk by chunk.

`liger_kernel/ops/fused_linear_cross_entropy.py` (`fused_linear_cross_entropy_forward`,
`LigerFusedLinearCrossEntropyFunction`) and `LigerForCausalLMLoss` of
`transformers/model/loss_utils.py` in Liger Kernel 0.8.5, on CUDA: its Triton kernel turns a chunk
of logits into their gradient in place. Importing this module loads torch.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from lora_viz.memory.torch_step.losses.notes import Notes, no_token_left_out


def fused_loss(hidden: torch.Tensor, head: Any, labels: torch.Tensor, notes: Notes) -> torch.Tensor:
    """The mean loss (`LigerForCausalLMLoss`, which gives the kernel no bias).

    Args:
        hidden: (batch, tokens, width).
        labels: (batch, tokens).
    """
    shifted = functional.pad(labels, (0, 1), value=-100)[..., 1:].contiguous()
    return FusedLinearCrossEntropy.apply(
        hidden.view(-1, hidden.shape[-1]), head.weight, shifted.view(-1), notes
    )


def chunk_size(tokens: int, width: int, vocabulary: int) -> int:
    """How many tokens a chunk has, so that its logits take about what the hidden states take."""
    times = -(-vocabulary // width)  # inc_factor
    wanted = -(-tokens // times)
    return min(1 << (wanted - 1).bit_length(), tokens)  # triton.next_power_of_2


class FusedLinearCrossEntropy(torch.autograd.Function):
    """The loss of (tokens, width) hidden states; what is kept are the gradients themselves."""

    @staticmethod
    def forward(  # type: ignore[override]
        context: Any,
        hidden: torch.Tensor,
        weight: torch.Tensor,
        targets: torch.Tensor,
        notes: Notes,
    ) -> torch.Tensor:
        tokens, width = hidden.shape
        size = chunk_size(tokens, width, weight.shape[0])
        of_hidden = torch.zeros_like(hidden)
        trains_head = weight.requires_grad and hidden.requires_grad
        of_weight = torch.zeros_like(weight) if trains_head else None
        losses = torch.zeros(tokens, dtype=torch.float32)
        _mask = targets != -100
        no_token_left_out(targets)
        multiplies_into = _multiplies_into(hidden, weight)
        storage = (
            notes.logits(hidden.new_empty((size, weight.shape[0]))) if multiplies_into else None
        )
        for start in range(0, tokens, size):
            part = hidden[start : start + size]
            if storage is not None:
                logits = torch.mm(part, weight.t(), out=storage[: part.shape[0]])
            else:
                logits = notes.logits(part @ weight.t())
            wanted = targets[start : start + size].contiguous()
            if hidden.requires_grad:
                _gradient_of_hidden(logits, weight, of_hidden[start : start + size], storage)
            if of_weight is not None:
                _gradient_of_weight(of_weight, logits, part, notes)
            del logits, part, wanted
        del storage
        loss = losses.sum()
        context.save_for_backward(of_hidden.detach(), None if of_weight is None else of_weight)
        return loss

    @staticmethod
    def backward(context: Any, *_gradients: torch.Tensor) -> Any:  # type: ignore[override]
        """What was kept; `element_mul_kernel` scales it in place."""
        of_hidden, of_weight = context.saved_tensors
        return of_hidden, of_weight, None, None


def _multiplies_into(hidden: torch.Tensor, weight: torch.Tensor) -> bool:
    """`_can_use_mm_out`: one buffer serves all chunks where no conversion is due."""
    if hidden.dtype != weight.dtype:
        return False
    on = torch.is_autocast_enabled("cpu")
    return not on or hidden.dtype == torch.get_autocast_dtype("cpu")


def _gradient_of_hidden(
    logits: torch.Tensor,
    weight: torch.Tensor,
    place: torch.Tensor,
    storage: torch.Tensor | None,
) -> None:
    if storage is not None and logits.dtype == place.dtype:
        torch.mm(logits, weight, out=place)
    else:
        place.copy_(logits @ weight)


def _gradient_of_weight(
    of_weight: torch.Tensor, logits: torch.Tensor, part: torch.Tensor, notes: Notes
) -> None:
    """Added in place where `torch.addmm` can (compute capability 8.0 and matching dtypes)."""
    half = logits.dtype in (torch.float16, torch.bfloat16)
    if half and of_weight.dtype in (torch.float32, logits.dtype):
        converted = part.to(logits.dtype)
        notes.product(of_weight.shape[0], converted.shape[0], of_weight.shape[1])
        return
    of_weight += torch.mm(logits.t(), part).float()
