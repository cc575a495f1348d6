"""The optimizers of a simulated step: PyTorch's own, and a stand-in for bitsandbytes' 8-bit Adam.

Importing this module loads torch.
"""

from __future__ import annotations

from typing import Any

import torch

# bitsandbytes/optim/optimizer.py: states of tensors with fewer values stay in float32
# (`min_8bit_size`); the others have one float32 for each block of 256 (`blocksize`).
SMALLEST_8BIT = 4096
BLOCK_8BIT = 256


def make_optimizer(name: str, parameters: list[torch.nn.Parameter]) -> torch.optim.Optimizer:
    """The optimizer of this name as transformers makes it on CUDA."""
    if name == "adamw_8bit":
        return AdamW8bit(parameters)
    if name == "sgd":
        return torch.optim.SGD(parameters, lr=1e-3, foreach=True)
    if name == "adamw_fused":
        return torch.optim.AdamW(parameters, lr=1e-3, fused=True)
    return torch.optim.AdamW(parameters, lr=1e-3, foreach=name == "adamw")


class AdamW8bit(torch.optim.Optimizer):
    """The storages of bitsandbytes' `AdamW8bit`; its kernels update in place."""

    def __init__(self, parameters: list[torch.nn.Parameter]) -> None:
        super().__init__(parameters, {})

    def step(self, _closure: Any = None) -> None:  # type: ignore[override]
        """Make the state of every parameter that has a gradient."""
        for parameter in self.param_groups[0]["params"]:
            if parameter.grad is not None:
                self.state[parameter] = eight_bit_state(parameter)


def eight_bit_state(parameter: torch.Tensor) -> dict[str, torch.Tensor]:
    """Two moments of one byte a value with their block constants, or of float32 if it is small.

    The tables of 256 values that both moments need are shared by all parameters.
    """
    if parameter.numel() < SMALLEST_8BIT:
        return {
            name: torch.zeros_like(parameter, dtype=torch.float32) for name in ("state1", "state2")
        }
    blocks = -(-parameter.numel() // BLOCK_8BIT)
    return {
        "state1": torch.zeros_like(parameter, dtype=torch.uint8),
        "state2": torch.zeros_like(parameter, dtype=torch.uint8),
        "absmax1": parameter.new_zeros(blocks, dtype=torch.float32),
        "absmax2": parameter.new_zeros(blocks, dtype=torch.float32),
    }
