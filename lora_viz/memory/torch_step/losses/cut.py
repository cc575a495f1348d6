"""Cut cross-entropy: logits live in a kernel's registers only.

`cut_cross_entropy/cce.py`, `cce_lse_forward.py`, `indexed_dot.py` and `cce_backward.py` of Cut
Cross-Entropy 25.1.1 (Wijmans et al. 2024, arXiv:2411.09009). Importing this module loads torch.
"""

from __future__ import annotations

from typing import Any

import torch

from lora_viz.memory.torch_step.losses.notes import Notes


def cut_loss(hidden: torch.Tensor, head: Any, labels: torch.Tensor, notes: Notes) -> torch.Tensor:
    """The mean loss (`cce_linear_cross_entropy` with `shift`).

    Args:
        hidden: (batch, tokens, width); in float32 it is converted to what autocast computes in.
        labels: (batch, tokens).
    """
    if torch.is_autocast_enabled("cpu"):
        hidden = hidden.to(torch.get_autocast_dtype("cpu"))
    hidden, labels = hidden.contiguous(), labels.contiguous()
    valid = _valid(labels)
    return CutCrossEntropy.apply(hidden.flatten(0, -2), head.weight, labels.flatten(), valid, notes)


def _valid(labels: torch.Tensor) -> torch.Tensor:
    """`_build_flat_valids`: the place of every token that has a next one."""
    mask = labels[..., 1:] != -100
    places = mask.new_empty((mask.numel(), mask.dim()), dtype=torch.int64).to(torch.int32)
    return places.sum(1)


class CutCrossEntropy(torch.autograd.Function):
    """The loss of (tokens, width) hidden states, with a number a token and one a word kept."""

    @staticmethod
    def forward(  # type: ignore[override]
        context: Any,
        hidden: torch.Tensor,
        weight: torch.Tensor,
        targets: torch.Tensor,
        valid: torch.Tensor,
        notes: Notes,
    ) -> torch.Tensor:
        counted, (words, width) = valid.shape[0], weight.shape
        sums = hidden.new_empty(counted, dtype=torch.float32)
        locks = hidden.new_empty(-(-counted // 128), dtype=torch.int32)
        averages = hidden.new_empty(words, dtype=torch.float32)  # the filter's, by word
        notes.product(counted, width, words)
        del locks
        products = hidden.new_empty(counted, dtype=torch.float32)
        loss = products.add_(sums).mean()
        context.save_for_backward(hidden, weight, sums, targets, valid, averages)
        context.notes = notes
        return loss

    @staticmethod
    def backward(context: Any, *_gradients: torch.Tensor) -> Any:  # type: ignore[override]
        hidden, weight, _sums, _targets, valid, averages = context.saved_tensors
        order = torch.argsort(averages).to(torch.int32)
        trains_head = context.needs_input_grad[1]
        of_hidden = torch.zeros_like(hidden)
        of_weight = torch.zeros_like(weight, dtype=hidden.dtype) if trains_head else None
        (words, width), counted = weight.shape, valid.shape[0]
        groups = -(-width // 64)
        locks = [
            hidden.new_zeros((-(-count // groups), groups), dtype=torch.int32)
            for count in (counted, words)
        ]
        # the logits again, then a product for each gradient
        for _product in range(2 + trains_head):
            context.notes.product(counted, width, words)
        del order, locks
        if of_weight is not None:
            of_weight = of_weight.to(weight.dtype)
        return of_hidden, of_weight, None, None, None
