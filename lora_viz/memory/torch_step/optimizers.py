"""The optimizers of a simulated step: PyTorch's, transformers', a stand-in for bitsandbytes'.

Importing this module loads torch and transformers.
"""

from __future__ import annotations

from pydoc import locate
from typing import Any

import torch
from torch import nn
from transformers.trainer import Trainer

from lora_viz.choices.optimizers import OPTIMIZERS

# bitsandbytes/optim/optimizer.py: states of tensors with fewer values stay in float32
# (`min_8bit_size`); the others have one float32 for each block of 256 (`blocksize`).
SMALLEST_8BIT = 4096
BLOCK_8BIT = 256
SMALLEST_PAGED = 100_000  # values; `get_state_buffer` takes ordinary memory for fewer


Groups = list[dict[str, Any]]


def parameter_groups(whole: nn.Module, training_loop: str) -> Groups:
    """What is trained, in the groups in which a training loop hands it to its optimizer.

    Trainer makes two, with and without weight decay (`Trainer.create_optimizer`). A foreach
    optimizer goes through them one after the other, and copies no more than one at a time.
    """
    trained = [(name, p) for name, p in whole.named_parameters() if p.requires_grad]
    if training_loop == "plain":
        return [{"params": [parameter for _, parameter in trained]}]
    of_trainer: Any = Trainer.get_decay_parameter_names
    decaying = set(of_trainer(None, whole))
    groups = [
        {"params": [parameter for name, parameter in trained if (name in decaying) is decays]}
        for decays in (True, False)
    ]
    return [group for group in groups if group["params"]]


def make_optimizer(name: str, parameters: Groups | list[nn.Parameter]) -> torch.optim.Optimizer:
    """The optimizer of this name as transformers makes it on CUDA.

    Raises:
        KeyError: no optimizer has this name.
    """
    wanted = OPTIMIZERS[name]
    if wanted.needs_bitsandbytes:
        return BitsandbytesOptimizer(parameters, wanted.moments, wanted.moment_bytes == 1)
    kind: Any = locate(wanted.torch_class)
    return kind(parameters, lr=1e-3, **wanted.torch_options)


def kind_of_state(name: str, part: str, state: torch.Tensor) -> str:
    """What a part of an optimizer's state is: "optimizer", or "paged" outside of the allocator.

    Args:
        name: the optimizer's.
        part: the state's; constants of blocks, `absmax1`, are never paged.
    """
    can_be_paged = OPTIMIZERS[name].is_paged and part.startswith("state")
    return "paged" if can_be_paged and state.numel() >= SMALLEST_PAGED else "optimizer"


class BitsandbytesOptimizer(torch.optim.Optimizer):
    """The storages of one of bitsandbytes' optimizers; its kernels update in place."""

    def __init__(
        self, parameters: Groups | list[nn.Parameter], moments: int, has_8_bits: bool
    ) -> None:
        super().__init__(parameters, {})
        self._moments, self._has_8_bits = moments, has_8_bits

    def step(self, _closure: Any = None) -> None:  # type: ignore[override]
        """Make the state of every parameter that has a gradient."""
        state_of = eight_bit_state if self._has_8_bits else wide_state
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self.state[parameter] = state_of(parameter, self._moments)


def wide_state(parameter: torch.Tensor, moments: int) -> dict[str, torch.Tensor]:
    """Moments in float32, whatever the parameter's format."""
    return {
        f"state{number}": torch.zeros_like(parameter, dtype=torch.float32)
        for number in range(1, moments + 1)
    }


def eight_bit_state(parameter: torch.Tensor, moments: int) -> dict[str, torch.Tensor]:
    """Moments of one byte a value with their block constants, or of float32 if they are small.

    The tables of 256 values that moments need are shared by all parameters.
    """
    numbers = range(1, moments + 1)
    if parameter.numel() < SMALLEST_8BIT:
        return wide_state(parameter, moments)
    blocks = -(-parameter.numel() // BLOCK_8BIT)
    return {
        f"state{number}": torch.zeros_like(parameter, dtype=torch.uint8) for number in numbers
    } | {f"absmax{number}": parameter.new_zeros(blocks, dtype=torch.float32) for number in numbers}
