"""The storages of CUDA's fused attention kernels, forward and backward.

Importing this module loads torch.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.utils.flop_counter import sdpa_backward_flop_count, sdpa_flop_count

FLASH_BLOCK = 128


class FusedAttention(torch.autograd.Function):
    """Attention that never stores the scores: what it keeps is its inputs, output and statistics.

    Queries are (batch, heads, tokens, width); keys and values may have fewer heads. As in
    FlashAttention-2 (`mha_fwd`, `mha_bwd` in flash_api.cpp) and in PyTorch's memory-efficient
    kernel (`attention_backward.cu`), the statistics are one float32 for each query and head.
    """

    @staticmethod
    def forward(  # type: ignore[override]
        context: Any,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        mask: torch.Tensor | None,
        kernel: str,
        record_flops: Any,
    ) -> torch.Tensor:
        batch, heads, tokens, _ = query.shape
        width = value.shape[-1]
        output = query.new_empty(batch, tokens, heads, width).transpose(1, 2)
        statistics = query.new_empty((batch, heads, tokens), dtype=torch.float32)
        context.save_for_backward(query, key, value, output, statistics, mask)
        context.kernel, context.record_flops = kernel, record_flops
        record_flops(
            sdpa_flop_count(query.shape, _with_heads(key, heads), _with_heads(value, heads))
        )
        return output

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> Any:  # type: ignore[override]
        query, key, value, _output, _statistics, _mask = context.saved_tensors
        (gradient,) = gradients
        heads = query.shape[1]
        context.record_flops(
            sdpa_backward_flop_count(
                gradient.shape, query.shape, _with_heads(key, heads), _with_heads(value, heads)
            )
        )
        kernel = flash_backward if context.kernel == "flash" else efficient_backward
        return *kernel(query, key, value), None, None, None


def flash_backward(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Gradients of FlashAttention-2, in addition to its float32 accumulator and expanded heads.

    `mha_bwd` in flash_api.cpp: `dq_accum` is (batch, tokens, heads, width) in float32 with tokens
    rounded up to 128 and width to 32, `softmax_d` a float32 for each query; with grouped queries
    `dk_expanded` and `dv_expanded` have the queries' number of heads and are summed afterwards.
    """
    batch, heads, tokens, width = query.shape
    rounded_tokens = -(-tokens // FLASH_BLOCK) * FLASH_BLOCK
    rounded_width = -(-width // 32) * 32
    of_query = torch.empty_like(query)
    of_key, of_value = torch.empty_like(key), torch.empty_like(value)
    accumulator = query.new_empty(
        (batch, rounded_tokens, heads, rounded_width), dtype=torch.float32
    )
    row_sums = query.new_empty((batch, heads, rounded_tokens), dtype=torch.float32)
    expanded = [
        tensor.new_empty(batch, heads, tensor.shape[2], tensor.shape[3])
        for tensor in (key, value)
        if tensor.shape[1] != heads
    ]
    del accumulator, row_sums, expanded
    return of_query, of_key, of_value


def efficient_backward(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Gradients of the memory-efficient kernel, in addition to its float32 workspace.

    `attention_backward.cu`: `delta` is a float32 for each query, and half-precision gradients are
    accumulated in float32: that of the queries always (`kNeedsAccumGradQ`), those of keys and
    values where a head is too wide for registers (`kOutputInRF`: width over 64).
    """
    of_query, of_key, of_value = (torch.empty_like(tensor) for tensor in (query, key, value))
    delta = query.new_empty(query.shape[:3], dtype=torch.float32)
    workspace = []
    if query.dtype != torch.float32:
        accumulated = [query] if query.shape[-1] <= 64 else [query, key, value]
        workspace = [torch.empty_like(tensor, dtype=torch.float32) for tensor in accumulated]
    del delta, workspace
    return of_query, of_key, of_value


def fused_kernel(query: torch.Tensor, mask: torch.Tensor | None, compute_capability: float) -> str:
    """Which kernel `scaled_dot_product_attention` runs on CUDA: "flash", "efficient" or "math".

    The conditions of `sdp_utils.cpp`: flash attention needs half precision, compute capability
    8.0, no mask and heads up to 256 wide; the memory-efficient kernel needs compute capability 8.0
    for bfloat16.
    """
    half = query.dtype in (torch.float16, torch.bfloat16)
    if half and mask is None and compute_capability >= 8.0 and query.shape[-1] <= 256:
        return "flash"
    supported = query.dtype != torch.bfloat16 or compute_capability >= 8.0
    return "efficient" if supported else "math"


def _with_heads(tensor: torch.Tensor, heads: int) -> tuple[int, ...]:
    return (tensor.shape[0], heads, *tensor.shape[2:])
