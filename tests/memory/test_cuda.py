"""Each correction of the simulated device, held against PyTorch's own operations and documents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn import functional
from transformers import masking_utils

from lora_viz.memory.torch_step.attention import FusedAttention, fused_kernel
from lora_viz.memory.torch_step.cuda import (
    AsOnCuda,
    autocast_is_for_cuda,
    even_share,
    grouped_product,
    not_traced,
)
from lora_viz.memory.torch_step.recorder import Recorder

HALF = torch.bfloat16


def as_on_cuda(*, padding: bool = False, experts: int = 1) -> AsOnCuda:
    return AsOnCuda(8.0, lambda _flops: None, mask_is_full=not padding, tokens=8, experts=experts)


def kept_for_backward(run: Callable[[], object]) -> list[torch.Tensor]:
    """The tensors that autograd keeps while something runs."""
    kept: list[torch.Tensor] = []

    def note(tensor: torch.Tensor) -> torch.Tensor:
        kept.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        run()
    return kept


def test_dropout_keeps_a_mask_of_one_byte_a_value() -> None:
    """What `torch.native_dropout` documents: its mask is a tensor of booleans."""
    values = torch.ones(4, 5, requires_grad=True)
    with as_on_cuda():
        (mask,) = kept_for_backward(lambda: functional.dropout(values, 0.5, True))
    assert (mask.dtype, mask.nbytes) == (torch.bool, values.numel())


def test_softmax_of_float16_makes_its_float32_result_and_no_copy() -> None:
    recorder = Recorder()
    with FakeTensorMode(), recorder, as_on_cuda():
        scores = torch.empty(64, 64, dtype=torch.float16)
        result = functional.softmax(scores, dim=-1, dtype=torch.float32)
    sizes = [allocation.bytes for allocation in recorder.trace.allocations]
    assert sizes == [scores.nbytes, result.nbytes]


def test_the_gradient_of_softmax_needs_a_product_beside_its_result() -> None:
    """SoftMax.cu, `softmax_backward_cuda_out`: `Tensor tmp = grad * output;`."""
    recorder = Recorder()
    with FakeTensorMode(), recorder:
        scores = torch.empty(64, 64, dtype=torch.float32, requires_grad=True)
        result = scores.softmax(-1)
        before = len(recorder.trace.allocations)
        torch.ops.aten._softmax_backward_data(result, result, -1, torch.float32)
    trace = recorder.trace
    assert [a.bytes for a in trace.allocations[before:]] == [scores.nbytes] * 2
    made = [event.frees for event in trace.events if event.allocation >= before]
    assert made[:2] == [False, False]


@pytest.mark.parametrize(
    "function",
    [
        lambda x: functional.layer_norm(x, (8,)),
        lambda x: x.pow(2),
        lambda x: x.abs().rsqrt(),
        lambda x: x.norm(),
        lambda x: functional.cross_entropy(x, torch.zeros(4, dtype=torch.int64)),
        lambda x: functional.softplus(x),
        lambda x: functional.softmax(x, dim=-1),
        lambda x: x.log_softmax(-1),
        lambda x: x.sum(),
        lambda x: x.cumsum(0),
        lambda x: x.prod(),
    ],
)
def test_autocast_runs_in_float32_what_cuda_s_does(
    function: Callable[[torch.Tensor], torch.Tensor],
) -> None:
    """https://docs.pytorch.org/docs/stable/amp.html, "CUDA Ops that can autocast to float32"."""
    values = torch.ones(4, 8, dtype=HALF)
    with torch.autocast("cpu", HALF), autocast_is_for_cuda(), as_on_cuda():
        assert function(values).dtype is torch.float32
        assert functional.linear(values, values).dtype is HALF


def test_libraries_that_ask_for_cuda_s_autocast_see_the_one_that_is_on() -> None:
    with torch.autocast("cpu", HALF), autocast_is_for_cuda():
        assert torch.is_autocast_enabled("cuda")
        assert torch.get_autocast_dtype("cuda") is HALF
    assert not torch.is_autocast_enabled("cuda")


def test_masks_are_chosen_as_for_real_tensors() -> None:
    with FakeTensorMode():
        tensor = torch.empty(2)
        assert masking_utils.is_tracing(tensor)  # pyright: ignore[reportPrivateImportUsage]
        with not_traced():
            assert not masking_utils.is_tracing(tensor)  # pyright: ignore[reportPrivateImportUsage]
        assert masking_utils.is_tracing(tensor)  # pyright: ignore[reportPrivateImportUsage]


@pytest.mark.parametrize("kernel", ["flash", "efficient"])
def test_fused_attention_keeps_and_returns_what_torch_s_fused_kernel_does(kernel: str) -> None:
    """The CPU's flash attention gives the output and one float32 for each query and head."""
    query, key, value = (torch.randn(2, 4, 16, 32, requires_grad=True) for _ in range(3))
    output, statistics = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
        query, key, value
    )
    ours: Any = None

    def run() -> None:
        nonlocal ours
        ours = FusedAttention.apply(query, key, value, None, kernel, lambda _flops: None)

    kept = kept_for_backward(run)
    assert ours.shape == output.shape
    assert (kept[4].shape, kept[4].dtype) == (statistics.shape, statistics.dtype)
    assert [tensor.shape for tensor in kept[:4]] == [query.shape] * 4
    ours.sum().backward()
    assert query.grad is not None and query.grad.shape == query.shape


@pytest.mark.parametrize(
    ("dtype", "capability", "masked", "kernel"),
    [
        (torch.bfloat16, 8.0, False, "flash"),
        (torch.float16, 8.0, False, "flash"),
        (torch.float16, 7.5, False, "efficient"),
        (torch.bfloat16, 7.5, False, "math"),
        (torch.bfloat16, 8.0, True, "efficient"),
        (torch.float32, 8.0, False, "efficient"),
    ],
)
def test_kernels_are_chosen_as_torch_documents(
    dtype: torch.dtype, capability: float, masked: bool, kernel: str
) -> None:
    """FlashAttention-2: half precision, no mask, Ampere and newer (`sdp_utils.cpp`)."""
    query = torch.empty(1, 2, 8, 64, dtype=dtype)
    mask = torch.zeros(8, 8, dtype=dtype) if masked else None
    assert fused_kernel(query, mask, capability) == kernel


def test_questions_about_data_are_answered_without_data() -> None:
    with FakeTensorMode():
        mask = torch.empty(2, 8)
        for padding in (False, True):
            with as_on_cuda(padding=padding):
                assert bool((mask == 1).all()) is not padding
                assert (0.0 in mask) is padding
                assert not torch.rand([]) < 0.1  # LayerDrop: every layer runs
        positions, masks = torch.arange(8).expand(2, 8), torch.empty(2, 8, dtype=torch.int64)
        with as_on_cuda(experts=4):
            assert positions[:, -1].max().item() == 7
            assert masks[:, -1].sum().item() == 2
            assert list((torch.empty(4, 2, 8).sum((-1, -2)) > 0).nonzero()) == [0, 1, 2, 3]


def test_tokens_are_spread_evenly_over_experts() -> None:
    """Every token's choices are made by some expert, as with a router that is balanced."""
    experts, choices, tokens = 4, 2, 32
    chosen = torch.nn.functional.one_hot(
        torch.arange(choices * tokens).reshape(choices, tokens) % experts, experts
    ).permute(2, 0, 1)
    for one in chosen:
        assert [len(axis) for axis in even_share(one, experts)] == [
            len(axis) for axis in torch.where(one)
        ]


def test_grouped_products_have_the_shapes_of_real_ones_in_float32() -> None:
    tokens = torch.randn(12, 8, requires_grad=True)
    weights = torch.randn(3, 8, 16, requires_grad=True)
    ends = torch.tensor([4, 8, 12], dtype=torch.int32)
    real = functional.grouped_mm(tokens, weights, offs=ends)
    ours = grouped_product(tokens, weights, 3)
    assert (ours.shape, ours.dtype) == (real.shape, real.dtype)
    real.backward(torch.ones_like(real))
    assert weights.grad is not None
    assert grouped_product(tokens.t(), real, 3).shape == weights.grad.shape
