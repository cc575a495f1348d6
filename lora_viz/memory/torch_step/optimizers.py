"""The optimizers of a simulated step: PyTorch's own, and a stand-in for bitsandbytes' 8-bit ones.

Importing this module loads torch.
"""

from __future__ import annotations

from pydoc import locate
from typing import Any

import torch

from lora_viz.choices.optimizers import OPTIMIZERS

# bitsandbytes/optim/optimizer.py: states of tensors with fewer values stay in float32
# (`min_8bit_size`); the others have one float32 for each block of 256 (`blocksize`).
SMALLEST_8BIT = 4096
BLOCK_8BIT = 256


def make_optimizer(name: str, parameters: list[torch.nn.Parameter]) -> torch.optim.Optimizer:
    """The optimizer of this name as transformers makes it on CUDA.

    Raises:
        KeyError: no optimizer has this name.
        NotImplementedError: moments of its size have no stand-in.
    """
    wanted = OPTIMIZERS[name]
    if not wanted.needs_bitsandbytes:
        kind: Any = locate(wanted.torch_class)
        return kind(parameters, lr=1e-3, **wanted.torch_options)
    if wanted.moment_bytes != 1:
        raise NotImplementedError(f"moments of {wanted.moment_bytes} bytes: {name}")
    return EightBitOptimizer(parameters, wanted.moments)


class EightBitOptimizer(torch.optim.Optimizer):
    """The storages of one of bitsandbytes' 8-bit optimizers; its kernels update in place."""

    def __init__(self, parameters: list[torch.nn.Parameter], moments: int) -> None:
        super().__init__(parameters, {})
        self._moments = moments

    def step(self, _closure: Any = None) -> None:  # type: ignore[override]
        """Make the state of every parameter that has a gradient."""
        for parameter in self.param_groups[0]["params"]:
            if parameter.grad is not None:
                self.state[parameter] = eight_bit_state(parameter, self._moments)


def eight_bit_state(parameter: torch.Tensor, moments: int) -> dict[str, torch.Tensor]:
    """Moments of one byte a value with their block constants, or of float32 if they are small.

    The tables of 256 values that moments need are shared by all parameters.
    """
    numbers = range(1, moments + 1)
    if parameter.numel() < SMALLEST_8BIT:
        return {
            f"state{number}": torch.zeros_like(parameter, dtype=torch.float32) for number in numbers
        }
    blocks = -(-parameter.numel() // BLOCK_8BIT)
    return {
        f"state{number}": torch.zeros_like(parameter, dtype=torch.uint8) for number in numbers
    } | {f"absmax{number}": parameter.new_zeros(blocks, dtype=torch.float32) for number in numbers}
