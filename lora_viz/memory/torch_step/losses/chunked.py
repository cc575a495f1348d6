"""TRL's loss over chunks of the vocabulary: one tile of logits at a time.

`trl/kernels/chunked_logprob.py` (`ChunkedLogProbFunction`) and `add_fused_lm_head` of
`trl/trainer/utils.py` in TRL 1.16, on CUDA: its Triton kernels fold a tile in place, and products
are added to float32 sums without a copy. Importing this module loads torch.
"""

from __future__ import annotations

from typing import Any

import torch

from lora_viz.memory.torch_step.losses.notes import Notes

TOKENS_OF_TILE = 4096  # TOKEN_CHUNK_SIZE
WORDS_OF_TILE = 32768  # _CHUNKED_LOGPROB_CHUNK_SIZE


def chunked_loss(
    hidden: torch.Tensor, head: Any, labels: torch.Tensor, notes: Notes
) -> torch.Tensor:
    """The mean loss of `_fused_forward`: the positions that have a label, in one list.

    Args:
        hidden: (batch, tokens, width).
        labels: (batch, tokens).
    """
    hidden, labels = hidden[:, :-1], labels[:, 1:]
    mask = labels != -100
    per_token = ChunkedLogProb.apply(
        Chosen.apply(hidden, mask), head.weight, head.bias, Chosen.apply(labels, mask), notes
    )
    log_probs, _entropy, _is_top1 = [one.new_zeros(mask.shape) + one.view(mask.shape)
                                     for one in per_token]  # fmt: skip
    return -log_probs.sum() / mask.sum().clamp(min=1)


class Chosen(torch.autograd.Function):
    """`values[mask]` where the mask leaves none out, which depends on data otherwise."""

    @staticmethod
    def forward(context: Any, values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        context.save_for_backward(mask)
        context.shape = values.shape
        _places(mask)
        return values.new_empty((mask.numel(), *values.shape[mask.dim() :]))

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> Any:  # type: ignore[override]
        (mask,) = context.saved_tensors
        (gradient,) = gradients
        whole = gradient.new_zeros(context.shape)
        _places(mask)
        return whole, None


def _places(mask: torch.Tensor) -> None:
    """The numbers that indexing with a mask makes of it (`nonzero`), gone when it is done."""
    mask.new_empty((mask.numel(), mask.dim()), dtype=torch.int64)


class ChunkedLogProb(torch.autograd.Function):
    """Log-probability, entropy and whether the label is the most likely, a float32 a token each.

    The backward pass computes each tile again and turns it into its gradient in place.
    """

    @staticmethod
    def forward(  # type: ignore[override]
        context: Any,
        hidden: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        targets: torch.Tensor,
        notes: Notes,
    ) -> tuple[torch.Tensor, ...]:
        context.set_materialize_grads(False)
        on = torch.is_autocast_enabled("cpu")
        dtype = torch.get_autocast_dtype("cpu") if on else hidden.dtype
        tokens = hidden.shape[0]
        running = [hidden.new_zeros(tokens, dtype=torch.float32) for _statistic in range(7)]
        buffer = _tile_buffer(hidden, dtype, notes)
        for rows, columns in _tiles(tokens, weight.shape[0]):
            part = hidden[rows].to(dtype)
            _multiply(part, weight[columns].to(dtype), bias, columns, buffer)
        largest, total, weighted, _squares, _sum, before, of_target = running
        log_z = largest + torch.log(total)
        log_probs = of_target - log_z
        entropy = log_z - weighted / total
        is_top1 = (of_target >= largest) & (of_target > before)
        context.save_for_backward(hidden, weight, bias, targets, log_z, entropy)
        context.dtype, context.notes = dtype, notes
        context.mark_non_differentiable(is_top1)
        return log_probs, entropy, is_top1

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> Any:  # type: ignore[override]
        hidden, weight, bias, _targets, _log_z, _entropy = context.saved_tensors
        notes, dtype = context.notes, context.dtype
        of_hidden, of_weight, of_bias = (
            torch.zeros(tensor.shape, dtype=torch.float32) if is_needed else None
            for tensor, is_needed in zip(
                (hidden, weight, bias), context.needs_input_grad[:3], strict=True
            )
        )
        buffer = _tile_buffer(hidden, dtype, notes)
        _given = [one.float().contiguous() for one in gradients[:2] if one is not None]
        tokens, width = hidden.shape
        for rows, columns in _tiles(tokens, weight.shape[0]):
            part, words = hidden[rows].to(dtype), weight[columns].to(dtype)
            _multiply(part, words, bias, columns, buffer)
            for wanted in (of_hidden, of_weight):  # `_addmm_fp32`
                if wanted is not None:
                    notes.product(part.shape[0], words.shape[0], width)
            if of_bias is not None:
                of_bias[columns] += buffer[: part.shape[0], : words.shape[0]].sum(
                    dim=0, dtype=torch.float32
                )
        return (
            None if of_hidden is None else of_hidden.to(hidden.dtype),
            None if of_weight is None else of_weight.to(weight.dtype),
            None if of_bias is None else of_bias.to(bias.dtype),
            None,
            None,
        )


def _tile_buffer(hidden: torch.Tensor, dtype: torch.dtype, notes: Notes) -> torch.Tensor:
    rows = min(hidden.shape[0], TOKENS_OF_TILE)
    return notes.logits(hidden.new_empty((rows, WORDS_OF_TILE), dtype=dtype))


def _tiles(tokens: int, vocabulary: int) -> list[tuple[slice, slice]]:
    return [
        (slice(row, min(row + TOKENS_OF_TILE, tokens)),
         slice(word, min(word + WORDS_OF_TILE, vocabulary)))
        for row in range(0, tokens, TOKENS_OF_TILE)
        for word in range(0, vocabulary, WORDS_OF_TILE)
    ]  # fmt: skip


def _multiply(
    part: torch.Tensor,
    words: torch.Tensor,
    bias: torch.Tensor | None,
    columns: slice,
    buffer: torch.Tensor,
) -> None:
    tile = buffer[: part.shape[0], : words.shape[0]]
    torch.mm(part, words.t(), out=tile)
    if bias is not None:
        tile.add_(bias[columns].to(part.dtype))
