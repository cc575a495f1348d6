"""Training one layer's adapter for a few steps: a small regression whose answer has a low rank.

Importing this module loads torch; only worker processes do.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lora_viz.forward.samples import LEARNING_RATE, TRAINING_ROWS, TRUE_RANK
from lora_viz.forward.steps import AdaptedWeights


@dataclass(frozen=True)
class Regression:
    """Inputs (rows, in), the outputs wanted, and what no step changes; all without the bias.

    `base` is inputs·Wᵀ (rows, out) and `squares` the squared norms ‖W‖² of each output, (out,).
    """

    inputs: Tensor
    base: Tensor
    squares: Tensor
    targets: Tensor


def low_rank_regression(weights: AdaptedWeights, random: torch.Generator) -> Regression:
    """Wanted are the outputs of W + ΔW*, where ΔW* is random and of rank 4.

    ΔW* shifts the outputs by as much as they are large (root mean square). The inputs are
    normally distributed.
    """
    out_features, in_features = weights.weight.shape

    def gaussian(rows: int, columns: int) -> Tensor:
        return torch.randn(rows, columns, generator=random, dtype=weights.weight.dtype)

    inputs = gaussian(TRAINING_ROWS, in_features)
    down, up = gaussian(in_features, TRUE_RANK), gaussian(TRUE_RANK, out_features)
    base, shift = inputs @ weights.weight.T, inputs @ down @ up
    return Regression(
        inputs=inputs,
        base=base,
        squares=torch.linalg.norm(weights.weight, dim=1).square(),
        targets=base + shift * (base.norm() / shift.norm()),
    )


def loss(weights: AdaptedWeights, regression: Regression) -> Tensor:
    """The mean squared error; its gradients are those of PEFT's layer.

    DoRA's norm counts as a constant for the gradient (Liu et al. 2024, section 4.3).
    """
    lora = weights.scaling * (regression.inputs @ weights.a.T) @ weights.b.T
    outputs = regression.base + lora
    if weights.magnitude is not None:
        norms = row_norms(weights, regression.squares).detach()
        outputs = weights.magnitude / norms * outputs
    return nn.functional.mse_loss(outputs, regression.targets)


def train(weights: AdaptedWeights, regression: Regression, steps: int) -> None:
    """Take AdamW steps on A, B and DoRA's magnitudes, in place."""
    trained = [weights.a, weights.b]
    if weights.magnitude is not None:
        trained.append(weights.magnitude)
    optimizer = torch.optim.AdamW(trained, lr=LEARNING_RATE)
    for _step in range(steps):
        optimizer.zero_grad()
        loss(weights, regression).backward()
        optimizer.step()


def row_norms(weights: AdaptedWeights, squares: Tensor) -> Tensor:
    """‖W + ΔW‖ of each output, (out,), from ‖W‖² and without making the (out, in) sum.

    With w and b rows of W and B: ‖w + s·bA‖² = ‖w‖² + 2s·(wAᵀ)·b + s²·b(AAᵀ)bᵀ.
    """
    cross = ((weights.weight @ weights.a.T) * weights.b).sum(dim=1)
    square = ((weights.b @ (weights.a @ weights.a.T)) * weights.b).sum(dim=1)
    sums = squares + 2 * weights.scaling * cross + weights.scaling**2 * square
    return sums.clamp(min=0.0).sqrt()
