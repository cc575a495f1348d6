"""The forward pass of an adapted layer on given tensors, one step after the other.

The steps follow Hu et al. 2021 (LoRA), Kalajdzievski 2023 (rsLoRA's scaling) and Liu et al. 2024
(DoRA); PEFT's own layer, which they are tested against, computes the same. Importing this module
loads torch and peft; only worker processes do.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from peft.tuners.lora.layer import LoraLayer
from torch import Tensor, nn


@dataclass(frozen=True)
class AdaptedWeights:
    """The tensors of one adapted layer.

    `weight` is (out, in), however the layer stores it; `a` (r, in), `b` (out, r); `bias` and
    DoRA's `magnitude` (out,) or None.
    """

    weight: Tensor
    bias: Tensor | None
    a: Tensor
    b: Tensor
    scaling: float
    magnitude: Tensor | None = None

    @property
    def update(self) -> Tensor:
        """ΔW = scaling · B·A, (out, in)."""
        return self.scaling * (self.b @ self.a)

    def dora_factor(self) -> Tensor | None:
        """m / ‖W + ΔW‖ for each output, (out,); None without DoRA.

        The norm is that of the weights that lead to one output, Liu et al. 2024, equation 5.
        """
        if self.magnitude is None:
            return None
        return self.magnitude / torch.linalg.norm(self.weight + self.update, dim=1)

    def merged(self) -> Tensor:
        """W′ = W + ΔW, with DoRA m · (W + ΔW) / ‖W + ΔW‖, (out, in)."""
        weight, factor = self.weight + self.update, self.dora_factor()
        return weight if factor is None else factor[:, None] * weight


@dataclass(frozen=True)
class Steps:
    """What the steps give for a batch; `factor` is DoRA's, (out,), or None."""

    h_base: Tensor  # (rows, out), with the bias
    temp: Tensor  # (rows, r)
    h_lora: Tensor  # (rows, out), not yet scaled
    scaled: Tensor  # (rows, out)
    factor: Tensor | None
    h: Tensor  # (rows, out)


def forward_steps(x: Tensor, weights: AdaptedWeights) -> Steps:
    """h = x·Wᵀ + bias + scaling · (x·Aᵀ)·Bᵀ for x (rows, in).

    With DoRA all but the bias is multiplied by m / ‖W + ΔW‖.
    """
    h_base = _linear(x, weights.weight, weights.bias)
    temp = x @ weights.a.T
    h_lora = temp @ weights.b.T
    scaled = h_lora * weights.scaling
    factor = weights.dora_factor()
    h = h_base + scaled
    if factor is not None:
        bias = 0.0 if weights.bias is None else weights.bias
        h = factor * (h - bias) + bias
    return Steps(h_base, temp, h_lora, scaled, factor, h)


def merged_forward(x: Tensor, weights: AdaptedWeights) -> Tensor:
    """The same h, (rows, out), from one multiplication with the merged weight."""
    return _linear(x, weights.merged(), weights.bias)


def weights_of(layer: LoraLayer, adapter: str = "default") -> AdaptedWeights:
    """The parameters of a PEFT layer over Linear or Conv1D, which stores its weight (in, out)."""
    base = layer.get_base_layer()
    own = dict(base.named_parameters())
    magnitudes = layer.lora_magnitude_vector
    return AdaptedWeights(
        weight=own["weight"] if isinstance(base, nn.Linear) else own["weight"].T,
        bias=own.get("bias"),
        a=layer.lora_A[adapter].get_parameter("weight"),
        b=layer.lora_B[adapter].get_parameter("weight"),
        scaling=layer.scaling[adapter],
        magnitude=magnitudes[adapter].get_parameter("weight") if adapter in magnitudes else None,
    )


def _linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    product = x @ weight.T
    return product if bias is None else product + bias
