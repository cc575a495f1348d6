"""The forward pass in steps equals PEFT's own layer, merged or not; the demonstration is real."""

from __future__ import annotations

import math
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from peft import LoraConfig, get_peft_model
from pydantic import TypeAdapter
from torch import nn
from transformers.pytorch_utils import Conv1D

from lora_viz.forward.ask import read_forward_pass
from lora_viz.forward.run_layer import Adapter, adapt_layer, initialised_layer, sample
from lora_viz.forward.samples import (
    MAXIMUM_VALUES,
    ForwardPass,
    Multiplications,
    computed_rows,
    evenly_picked,
    is_too_large,
    multiplications,
)
from lora_viz.forward.short_training import low_rank_regression, row_norms, train
from lora_viz.forward.steps import AdaptedWeights, forward_steps, merged_forward, weights_of
from tests.small_models import random_model

LAYERS = st.fixed_dictionaries(
    {
        "conv1d": st.booleans(),
        "bias": st.booleans(),
        "in_features": st.integers(1, 40),
        "out_features": st.integers(1, 40),
        "rank": st.integers(1, 50),
        "alpha": st.integers(1, 200),
        "rslora": st.booleans(),
        "dora": st.booleans(),
        "seed": st.integers(0, 2**32 - 1),
        "dtype": st.sampled_from([torch.float32, torch.float64]),
    }
)


def peft_layer(settings: dict[str, Any]) -> Any:
    """PEFT's layer over a random layer, with random A, B, bias and magnitudes."""
    torch.manual_seed(settings["seed"])
    sizes = settings["in_features"], settings["out_features"]
    base = Conv1D(sizes[1], sizes[0]) if settings["conv1d"] else nn.Linear(*sizes, settings["bias"])
    config = LoraConfig(
        r=settings["rank"],
        lora_alpha=settings["alpha"],
        use_rslora=settings["rslora"],
        use_dora=settings["dora"],
        target_modules=["layer"],
        fan_in_fan_out=settings["conv1d"],
    )
    model = nn.ModuleDict({"layer": base}).to(settings["dtype"])
    layer = get_peft_model(model, config).get_submodule("base_model.model.layer")  # type: ignore[arg-type]
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(torch.randn_like(parameter))
    return layer


def close(one: torch.Tensor, other: torch.Tensor) -> None:
    """Equal within rounding, relative to the largest value: sums of both signs cancel."""
    epsilon = torch.finfo(one.dtype).eps
    largest = other.abs().max().item()
    torch.testing.assert_close(one, other, rtol=0, atol=2000 * epsilon * (largest + epsilon))


@settings(max_examples=40)
@given(LAYERS)
def test_every_step_equals_pefts_layer(drawn: dict[str, Any]) -> None:
    layer = peft_layer(drawn)
    x = torch.randn(3, drawn["in_features"], dtype=drawn["dtype"])
    with torch.no_grad():
        weights = weights_of(layer)
        steps = forward_steps(x, weights)
        close(steps.h_base, layer.base_layer(x))
        close(steps.temp, layer.lora_A["default"](x))
        close(steps.h_lora, layer.lora_B["default"](layer.lora_A["default"](x)))
        root = math.sqrt(drawn["rank"]) if drawn["rslora"] else drawn["rank"]
        assert weights.scaling == pytest.approx(drawn["alpha"] / root)
        close(steps.scaled, steps.h_lora * drawn["alpha"] / root)
        assert (steps.factor is not None) == drawn["dora"]
        close(steps.h, layer(x))


@settings(max_examples=40)
@given(LAYERS)
def test_the_merged_weight_is_pefts_and_gives_the_same_output(drawn: dict[str, Any]) -> None:
    layer = peft_layer(drawn)
    x = torch.randn(3, drawn["in_features"], dtype=drawn["dtype"])
    with torch.no_grad():
        weights = weights_of(layer)
        merged, h_merged = weights.merged(), merged_forward(x, weights)
        before = layer(x)
        layer.merge()
        close(merged, weights_of(layer).weight)
        close(h_merged, layer(x))
        close(h_merged, before)


def test_a_layer_worked_out_by_hand() -> None:
    weights = AdaptedWeights(
        weight=torch.tensor([[1.0, 2.0], [3.0, 4.0]]),
        bias=torch.tensor([10.0, 20.0]),
        a=torch.tensor([[1.0, -1.0]]),
        b=torch.tensor([[0.5], [2.0]]),
        scaling=2.0,
    )
    steps = forward_steps(torch.tensor([[5.0, 1.0]]), weights)
    assert steps.h_base.tolist() == [[17.0, 39.0]]
    assert steps.temp.tolist() == [[4.0]]
    assert steps.h_lora.tolist() == [[2.0, 8.0]]
    assert steps.scaled.tolist() == [[4.0, 16.0]]
    assert steps.h.tolist() == [[21.0, 55.0]]
    assert weights.merged().tolist() == [[2.0, 1.0], [7.0, 0.0]]


@settings(max_examples=10)
@given(LAYERS)
def test_training_takes_the_steps_that_pefts_layer_would_take(drawn: dict[str, Any]) -> None:
    drawn = drawn | {"dtype": torch.float64, "rank": drawn["rank"] % 8 + 1}
    ours, pefts = peft_layer(drawn), peft_layer(drawn)
    weights = weights_of(ours)
    for name, parameter in pefts.named_parameters():
        parameter.requires_grad_("lora" in name)
    regression = low_rank_regression(weights, torch.Generator().manual_seed(1))
    bias = 0.0 if weights.bias is None else weights.bias.detach()
    trained = [parameter for parameter in pefts.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=5e-3)
    for _step in range(2):
        optimizer.zero_grad()
        outputs = pefts(regression.inputs)
        nn.functional.mse_loss(outputs, regression.targets.detach() + bias).backward()
        optimizer.step()
    train(weights, regression, 2)
    for one, other in zip(trained, (p for p in ours.parameters() if p.requires_grad), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-6)


def test_norms_of_the_rows_need_not_make_the_sum() -> None:
    torch.manual_seed(0)
    tensors = torch.randn(7, 5), torch.randn(2, 5), torch.randn(7, 2)
    weight, a, b = (tensor.double() for tensor in tensors)
    weights = AdaptedWeights(weight, None, a, b, 1.5)
    expected = torch.linalg.norm(weight + 1.5 * b @ a, dim=1)
    close(row_norms(weights, weight.square().sum(dim=1)), expected)


@pytest.mark.parametrize(
    ("name", "deviation"),
    [("h.0.attn.c_attn", 0.02), ("h.0.attn.c_proj", 0.02 / math.sqrt(24))],
)
def test_weights_are_initialised_as_gpt2_does_it(name: str, deviation: float) -> None:
    torch.manual_seed(0)
    layer = initialised_layer("gpt2", f"transformer.{name}")
    weight = layer.get_parameter("weight")
    assert weight.dtype == torch.float32
    assert weight.std().item() == pytest.approx(deviation, rel=0.01)
    assert not layer.get_parameter("bias").any()


def test_t5_scales_its_queries_down() -> None:
    layer = initialised_layer("t5-base", "encoder.block.0.layer.0.SelfAttention.q")
    expected = (768 * 64) ** -0.5
    assert layer.get_parameter("weight").std().item() == pytest.approx(expected, rel=0.01)


def test_the_demonstration_is_real_and_plain_data(tmp_path: Path) -> None:
    model = random_model(Random(3), "GPT-2").write_to(tmp_path / "model")
    asked = (model, "transformer.h.0.attn.c_attn", 4, 16, False, True, 5)
    passed = read_forward_pass(*asked, 10, 0)
    assert passed.scaling == 4.0
    assert passed.loss_after < passed.loss_before
    assert passed.tensors["x"].shape[0] == 5
    assert passed.tensors["B"].largest > 0
    assert passed.difference_to_peft < 1e-6 * (1 + passed.tensors["h"].largest)
    assert passed.difference_to_merged < 1e-5 * (1 + passed.tensors["h"].largest)
    assert passed.merged_difference_to_peft < 1e-6
    worked = passed.worked
    h = worked.factor * (worked.h_base - worked.bias + passed.scaling * worked.h_lora)
    assert worked.h == pytest.approx(h + worked.bias, abs=1e-6)
    answer = TypeAdapter(ForwardPass)
    assert answer.validate_json(answer.dump_json(passed)) == passed
    assert read_forward_pass(*asked, 10, 0) == passed
    assert read_forward_pass(*asked, 10, 1) != passed


def test_at_the_start_the_adapter_adds_nothing(tmp_path: Path) -> None:
    model = random_model(Random(4), "Llama").write_to(tmp_path / "model")
    name = "model.layers.0.self_attn.q_proj"
    passed = read_forward_pass(model, name, 8, 16, False, False, 4, 0, 0)
    assert passed.tensors["B"].largest == passed.tensors["scaled"].largest == 0
    assert passed.tensors["update"].norm == passed.difference_to_merged == 0
    assert passed.loss_before == passed.loss_after
    assert (passed.tensors["h"].values == passed.tensors["h_base"].values).all()
    assert passed.tensors["A"].largest > 0


def test_inputs_are_independent_of_the_weights() -> None:
    """Drawn from one stream of random numbers, rows of x and of W would be copies of each other."""
    passed = read_forward_pass("gpt2", "transformer.h.0.attn.c_attn", 8, 16, False, False, 64, 0, 0)
    h = passed.tensors["h_base"]
    assert h.norm / math.sqrt(math.prod(h.shape)) == pytest.approx(0.02 * math.sqrt(768), rel=0.03)


def test_peft_starts_the_adapter() -> None:
    layer = adapt_layer(Conv1D(12, 6), Adapter(3, 9, rslora=True, dora=True))
    weights = weights_of(layer)
    assert weights.scaling == pytest.approx(9 / math.sqrt(3))
    assert weights.magnitude is not None and weights.magnitude.shape == (12,)
    assert not weights.b.any() and weights.a.any()


def test_a_sample_keeps_exact_statistics_and_the_picked_values() -> None:
    matrix = torch.arange(200 * 100, dtype=torch.float32).reshape(200, 100)
    kept = sample(matrix, (0, 7))
    assert kept.shape == (200, 100)
    assert (kept.minimum, kept.maximum) == (0, 19_999)
    assert kept.norm == pytest.approx(matrix.double().norm().item())
    assert kept.values.shape == (2, 48)
    assert kept.values[1].tolist() == [700.0 + column for column in kept.columns]


def test_sizes() -> None:
    assert evenly_picked(3, 5) == (0, 1, 2)
    assert evenly_picked(10, 5) == (0, 2, 4, 6, 8)
    assert is_too_large(16384, 16384) and not is_too_large(4096, 16384)
    assert computed_rows(768, 768, 4) == 4
    assert computed_rows(4096, 16384, 4096) == 32
    assert computed_rows(MAXIMUM_VALUES, 64, 4096) == 1
    assert multiplications(4, 768, 768, 8, False) == Multiplications(4 * 589_824, 24_576, 24_576, 0)
    assert multiplications(1, 2, 3, 1, True).adapter == 2 + 3 + 6 + 6


def test_a_layer_that_is_too_large_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        read_forward_pass(
            "llama-3.1-405b", "model.layers.0.self_attn.q_proj", 8, 16, False, False, 4, 0, 0
        )
