"""Bytes that training keeps of one layer: the explainer's sums, and what torch really keeps."""

import pytest
import torch
from torch import nn

from lora_viz.costs.one_layer import LayerState, full_state, lora_state, saving


def gpt2_states(
    base_dtype: str = "float32", adapter_dtype: str = "float32", optimizer: str = "adamw"
) -> tuple[LayerState, LayerState]:
    """GPT-2 small's attn.c_proj (768 → 768), trained fully and with r = 8."""
    full = full_state(768, 768, base_dtype, optimizer)
    lora = lora_state(
        768, 768, 8, base_dtype=base_dtype, adapter_dtype=adapter_dtype, optimizer=optimizer
    )
    return full, lora


def test_the_explainers_sums_in_float32():
    full, lora = gpt2_states()
    assert (full.weight_bytes, full.optimizer_bytes) == (2_359_296, 4_718_592)
    assert full.total(count_frozen=False) == full.total(count_frozen=True) == 9_437_184
    assert lora.trained == {"A": 6_144, "B": 6_144}
    assert (lora.weight_bytes, lora.optimizer_bytes) == (49_152, 98_304)
    assert lora.total(count_frozen=False) == 196_608
    assert lora.total(count_frozen=True) == 2_555_904


def test_both_reductions():
    full, lora = gpt2_states()
    assert saving(full, lora, count_frozen=False) == pytest.approx(0.979, abs=5e-4)
    assert saving(full, lora, count_frozen=True) == pytest.approx(0.729, abs=5e-4)


def test_above_the_break_even_rank_nothing_is_saved():
    full, _lora = gpt2_states()
    at_384, at_385 = (
        lora_state(768, 768, rank, base_dtype="float32", adapter_dtype="float32", optimizer="adamw")
        for rank in (384, 385)
    )
    assert saving(full, at_384, count_frozen=False) == 0
    assert saving(full, at_385, count_frozen=False) < 0


def test_the_adapters_dtype_is_its_own():
    full, lora = gpt2_states(base_dtype="bfloat16", adapter_dtype="float32")
    assert full.trained_bytes == 4 * 589_824 * 2
    assert lora.trained_bytes == 196_608
    assert lora.frozen_bytes == 589_824 * 2


def test_sgd_keeps_no_moments():
    full, lora = gpt2_states(optimizer="sgd")
    assert full.optimizer_bytes == lora.optimizer_bytes == 0
    assert full.total(count_frozen=True) == 2 * 2_359_296


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_torch_keeps_as_many_bytes(optimizer: str, dtype: str):
    in_features, out_features, rank = 24, 40, 4
    shapes = [(rank, in_features), (out_features, rank), (out_features,)]
    state = lora_state(
        in_features,
        out_features,
        rank,
        base_dtype="float32",
        adapter_dtype=dtype,
        optimizer=optimizer,
        dora=True,
    )
    parameters = [nn.Parameter(torch.ones(shape, dtype=getattr(torch, dtype))) for shape in shapes]
    assert state.trained_bytes == bytes_kept_by_torch(parameters, optimizer)


def bytes_kept_by_torch(parameters: list[nn.Parameter], optimizer: str) -> int:
    """Bytes of weights, gradients and optimizer state after a step, without step counters."""
    chosen = {"adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}[optimizer](parameters, lr=0.1)
    torch.stack([parameter.sum() for parameter in parameters]).sum().backward()
    chosen.step()
    kept = [*parameters, *(parameter.grad for parameter in parameters)]
    for moments in chosen.state.values():
        kept += [value for name, value in moments.items() if name != "step" and value is not None]
    return sum(tensor.nbytes for tensor in kept if tensor is not None)
