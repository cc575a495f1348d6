"""What mixed precision adds to a step: autocast's format, and the scale of gradients.

Importing this module loads torch.
"""

from __future__ import annotations

import torch
from torch import nn

from lora_viz.errors import UserError
from lora_viz.i18n import N_

AUTOCAST_DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


class GradientScaler:
    """What `torch.amp.GradScaler` allocates, which reads a value that a step without data lacks."""

    def __init__(self) -> None:
        self._scale = torch.full((), 2.0**16)

    def scaled(self, loss: torch.Tensor) -> torch.Tensor:
        """The loss times the scale."""
        return loss * self._scale

    def unscale(self, trainable: list[nn.Parameter]) -> None:
        """Divide all gradients by the scale, in place.

        Raises:
            UserError: some are in float16, which PyTorch's own scaler refuses.
        """
        gradients = [one.grad for one in trainable if one.grad is not None]
        if any(one.dtype == torch.float16 for one in gradients):
            raise UserError(
                N_(
                    "With mixed precision in fp16 PyTorch trains no weights that are in float16 "
                    "themselves; choose float32 for them, or no mixed precision."
                )
            )
        inverse = self._scale.double().reciprocal().float()
        found = torch.full((), 0.0)
        torch.ops.aten._amp_foreach_non_finite_check_and_unscale_(gradients, found, inverse)
