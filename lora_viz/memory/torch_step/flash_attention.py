"""What stands in for the flash-attn package, which has no kernels for tensors without data.

Importing this module loads torch and transformers.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import torch
from torch import nn

from lora_viz.memory.torch_step.attention import FusedAttention


class FlashAttention:
    """transformers' flash-attention-2 path, with the storages of its kernel.

    `record_flops` is told the operations; `padding` says whether sequences are unpadded first, and
    `rows` how many full sequences the one row of packed ones is, 0 where there are several rows.
    """

    def __init__(self, record_flops: Any, padding: bool, rows: int = 0) -> None:
        self.record_flops = record_flops
        self.padding = padding
        self.rows = rows

    def attention_function(
        self,
        _module: nn.Module,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        *_: Any,
        **__: Any,
    ) -> tuple[torch.Tensor, None]:
        """An entry of `ALL_ATTENTION_FUNCTIONS`: heads come before tokens in, after them out."""
        states = [tensor.transpose(1, 2) for tensor in (query, key, value)]
        return self.forward(*states), None

    def forward(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        *_: Any,
        **__: Any,
    ) -> torch.Tensor:
        """`_flash_attention_forward`: (batch, tokens, heads, width) in and out.

        float32 inputs, which adapters and norms in float32 lead to, are converted first
        (`fa_peft_integration_check`). With padding the tokens are gathered into one row and the
        result is scattered again (`_upad_input`, `pad_input`); no token is taken as padding here.
        Packed sequences are copied into one row (`_prepare_from_posids`) and taken as full ones,
        for which the kernel computes the most.
        """
        states = [tensor.to(self._dtype(tensor)) for tensor in (query, key, value)]
        if self.padding:
            states = [_gathered(tensor) for tensor in states]
        if self.rows:
            states = [_in_rows(tensor.contiguous(), self.rows) for tensor in states]
        turned = [tensor.transpose(1, 2) for tensor in states]
        output = FusedAttention.apply(*turned, None, "flash", self.record_flops).transpose(1, 2)
        if self.rows:
            return output.flatten(0, 1).unsqueeze(0)
        return _gathered(output) if self.padding else output

    def _dtype(self, tensor: torch.Tensor) -> torch.dtype:
        if tensor.dtype is torch.float32:
            return (
                torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled() else torch.bfloat16
            )
        return tensor.dtype

    @contextmanager
    def installed(self, model: nn.Module) -> Iterator[None]:
        """Let the model find this where it would find the package's functions.

        transformers from 4.48 on looks attention up in `ALL_ATTENTION_FUNCTIONS`; models that do
        not yet call `_flash_attention_forward`, which their own file imports with the package.
        """
        import transformers.modeling_utils as modeling

        table: Any = getattr(modeling, "ALL_ATTENTION_FUNCTIONS", {})
        before = table.get("flash_attention_2")
        table["flash_attention_2"] = self.attention_function
        file = sys.modules[type(model).__module__]
        try:
            with patch.object(file, "_flash_attention_forward", self.forward, create=True):
                yield
        finally:
            table["flash_attention_2"] = before


def _in_rows(tensor: torch.Tensor, rows: int) -> torch.Tensor:
    """One row of all tokens, as so many of the same length."""
    return tensor.squeeze(0).unflatten(0, (rows, -1))


def _gathered(tensor: torch.Tensor) -> torch.Tensor:
    """A copy by index of every token, which keeps the index for the backward pass."""
    batch, tokens = tensor.shape[:2]
    index = torch.ones(batch * tokens, dtype=torch.int64)
    return tensor.flatten(0, 1)[index].unflatten(0, (batch, tokens))
