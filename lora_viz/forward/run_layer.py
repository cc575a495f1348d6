"""A real layer to run: the model's own, as transformers initialises it, with PEFT's adapter on it.

Only this one layer gets values; the rest of the model stays on the meta device. Importing this
module loads torch, transformers and peft; only worker processes do.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass

import torch
from peft import LoraConfig, get_peft_model
from peft.tuners.lora.layer import LoraLayer
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from lora_viz.forward.samples import (
    SAMPLED_BATCH_ROWS,
    SAMPLED_SIDE,
    ForwardPass,
    TensorName,
    TensorSample,
    WorkedOutput,
    computed_rows,
    evenly_picked,
    is_too_large,
)
from lora_viz.forward.short_training import loss, low_rank_regression, train
from lora_viz.forward.steps import AdaptedWeights, Steps, forward_steps, merged_forward, weights_of
from lora_viz.models.meta import build_meta_model
from lora_viz.models.source import resolve

WORKED_FACTORS = 2
HIGHEST_SEED = 10_000


@dataclass(frozen=True)
class Adapter:
    """The settings of an adapter that change what one layer computes."""

    rank: int
    alpha: float
    rslora: bool = False
    dora: bool = False


def run_layer(
    model: str, layer: str, adapter: Adapter, batch_size: int, steps: int, seed: int
) -> ForwardPass:
    """Initialise, adapt and train the layer, then run a batch in steps, by PEFT and merged.

    Raises:
        UserError: the model cannot be read.
        ValueError: the layer is too large.
    """
    for_weights, for_adapter, for_data = (seed + stream * HIGHEST_SEED for stream in range(3))
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(for_weights)
        base = initialised_layer(model, layer)
        torch.manual_seed(for_adapter)
        adapted = adapt_layer(base, adapter)
    random = torch.Generator().manual_seed(for_data)
    weights = weights_of(adapted)
    out_features, in_features = weights.weight.shape
    rows = computed_rows(in_features, out_features, batch_size)
    x = torch.randn(rows, in_features, generator=random)
    regression = low_rank_regression(weights, random)
    loss_before = loss(weights, regression).item()
    train(weights, regression, steps)
    loss_after = loss(weights, regression).item()
    with torch.no_grad():
        return _compare(x, adapted, (loss_before, loss_after))


def initialised_layer(model: str, name: str) -> nn.Module:
    """One layer of a model as transformers initialises it, in float32, from torch's own seed."""
    built = build_meta_model(resolve(model).values)
    layer = built.get_submodule(name)
    assert isinstance(layer, (nn.Linear, Conv1D))
    out_features, in_features = _sizes(layer)
    if is_too_large(in_features, out_features):
        raise ValueError(f"{name} is {in_features} × {out_features}, too large to run")
    layer.float().to_empty(device="cpu")
    built.initialize_weights()
    return layer.requires_grad_(False)


def adapt_layer(base: nn.Module, adapter: Adapter) -> LoraLayer:
    """The layer with an adapter from `get_peft_model`, as PEFT starts it: B is zero."""
    config = LoraConfig(
        r=adapter.rank,
        lora_alpha=adapter.alpha,  # type: ignore[arg-type]  # a fraction is a number to PEFT too
        use_rslora=adapter.rslora,
        use_dora=adapter.dora,
        target_modules=["0"],
        fan_in_fan_out=isinstance(base, Conv1D),
    )
    adapted = get_peft_model(nn.Sequential(base), config)  # type: ignore[arg-type]
    layer = adapted.get_submodule("base_model.model.0")
    assert isinstance(layer, LoraLayer)
    return layer


def _compare(x: Tensor, layer: LoraLayer, losses: tuple[float, float]) -> ForwardPass:
    """Run x in steps and with the merged weight, then by PEFT's layer before and after merging."""
    assert isinstance(layer, nn.Module)
    weights = weights_of(layer)
    steps, merged, h_merged = (
        forward_steps(x, weights),
        weights.merged(),
        merged_forward(x, weights),
    )
    samples = _samples(x, weights, steps, merged, h_merged)
    worked = _worked_output(weights, steps)
    to_peft = _largest_difference(steps.h, layer(x))
    layer.merge()
    return ForwardPass(
        has_bias=weights.bias is not None,
        scaling=weights.scaling,
        loss_before=losses[0],
        loss_after=losses[1],
        difference_to_peft=to_peft,
        difference_to_merged=_largest_difference(steps.h, h_merged),
        merged_difference_to_peft=_largest_difference(merged, weights_of(layer).weight),
        tensors=samples,
        worked=worked,
    )


def _samples(
    x: Tensor, weights: AdaptedWeights, steps: Steps, merged: Tensor, h_merged: Tensor
) -> dict[TensorName, TensorSample]:
    matrices: dict[TensorName, Tensor] = {
        "W": weights.weight,
        "A": weights.a,
        "B": weights.b,
        "update": weights.update,
        "merged": merged,
    }
    batches: dict[TensorName, Tensor] = {
        "x": x,
        "h_base": steps.h_base,
        "temp": steps.temp,
        "h_lora": steps.h_lora,
        "scaled": steps.scaled,
        "h": steps.h,
        "h_merged": h_merged,
        "difference": h_merged - steps.h,
    }
    if steps.factor is not None:
        batches["factor"] = steps.factor[None, :]
    samples: dict[TensorName, TensorSample] = {}
    for name, matrix in matrices.items():
        samples[name] = sample(matrix, evenly_picked(len(matrix), SAMPLED_SIDE))
    for name, batch in batches.items():
        samples[name] = sample(batch, tuple(range(min(len(batch), SAMPLED_BATCH_ROWS))))
    return samples


def sample(tensor: Tensor, rows: tuple[int, ...]) -> TensorSample:
    """Exact statistics of a matrix, and of these rows the values in evenly picked columns."""
    columns = evenly_picked(tensor.shape[1], SAMPLED_SIDE)
    kept = tensor[list(rows)][:, list(columns)]
    return TensorSample(
        shape=(tensor.shape[0], tensor.shape[1]),
        minimum=tensor.min().item(),
        maximum=tensor.max().item(),
        norm=tensor.norm().item(),
        rows=rows,
        columns=columns,
        encoded=b64encode(kept.detach().numpy().astype("<f4").tobytes()).decode(),
    )


def _worked_output(weights: AdaptedWeights, steps: Steps) -> WorkedOutput:
    """The output of the batch's first row that the adapter changes most."""
    column = int(steps.scaled[0].abs().argmax())
    return WorkedOutput(
        row=0,
        column=column,
        bias=0.0 if weights.bias is None else weights.bias[column].item(),
        h_base=steps.h_base[0, column].item(),
        temp=tuple(steps.temp[0, :WORKED_FACTORS].tolist()),
        b=tuple(weights.b[column, :WORKED_FACTORS].tolist()),
        h_lora=steps.h_lora[0, column].item(),
        factor=1.0 if steps.factor is None else steps.factor[column].item(),
        h=steps.h[0, column].item(),
    )


def _largest_difference(one: Tensor, other: Tensor) -> float:
    return (one - other).abs().max().item()


def _sizes(layer: nn.Module) -> tuple[int, int]:
    """(out, in) of a Linear or Conv1D layer."""
    weight = layer.get_parameter("weight")
    out_features, in_features = weight.shape if isinstance(layer, nn.Linear) else weight.T.shape
    return out_features, in_features
