"""Losses that never hold all logits, held against the libraries' own files and torch's loss."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from lora_viz.choices.losses import LOSSES
from lora_viz.memory.torch_step.losses.chunked import ChunkedLogProb
from lora_viz.memory.torch_step.losses.chunked_output import chunked_output_loss
from lora_viz.memory.torch_step.losses.cut import cut_loss
from lora_viz.memory.torch_step.losses.fused import FusedLinearCrossEntropy
from lora_viz.memory.torch_step.losses.notes import Notes
from tests.memory.live import TRITON, Live, NoKernel, run_file

NOTES = Notes(lambda _tensor: None, lambda _count: None)
Measured = tuple[int, int, int, int]


def measured(
    compute: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], *known: torch.Tensor
) -> Measured:
    """The most bytes and those that are left, after the forward and after the backward pass."""
    hidden, weight = known[:2]
    with Live(*known) as live:
        loss = compute(hidden, weight)
        forward = (live.most, live.bytes)
        live.most = live.bytes
        loss.backward(torch.ones_like(loss))
        del loss
        backward = (live.most, live.bytes)
    return *forward, *backward


def shapes(trained_head: bool, dtype: torch.dtype) -> list[tuple[torch.Tensor, ...]]:
    """Random hidden states, head's weights and targets, of several sizes."""
    draw = random.Random(3)
    made = []
    for _ in range(4):
        tokens, width = draw.randrange(50, 400), draw.choice((16, 32, 48))
        words = draw.randrange(100, 3000)
        made.append(
            (
                torch.randn(tokens, width, dtype=dtype, requires_grad=True),
                torch.randn(words, width, dtype=dtype, requires_grad=trained_head),
                torch.randint(0, words, (tokens,)),
            )
        )
    return made


def ligers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    plain = {"amp_custom_fwd": lambda f: f, "amp_custom_bwd": lambda f: f, "is_hip": lambda: False}
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda *_: (8, 0))
    return run_file(
        "liger_fused_linear_cross_entropy",
        monkeypatch,
        {
            "triton": TRITON,
            "liger_kernel": {},
            "liger_kernel.functional": {},
            "liger_kernel.backends": {"dispatch": None},
            "liger_kernel.ops.cross_entropy": {"liger_cross_entropy_kernel": NoKernel()},
            "liger_kernel.ops.utils": {**plain, "element_mul_kernel": NoKernel()},
            "liger_kernel.utils": {"infer_device": lambda: "cpu"},
        },
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("trained_head", [False, True])
def test_the_fused_loss_holds_what_ligers_own_file_does(
    trained_head: bool, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = ligers(monkeypatch)["LigerFusedLinearCrossEntropyFunction"]
    for hidden, weight, targets in shapes(trained_head, dtype):
        theirs = measured(lambda h, w, t=targets: real.apply(h, w, t)[0], hidden, weight, targets)
        hidden.grad = weight.grad = None
        ours = measured(
            lambda h, w, t=targets: FusedLinearCrossEntropy.apply(h, w, t, NOTES),
            hidden, weight, targets,
        )  # fmt: skip
        assert ours == pytest.approx(theirs, abs=64)


def trls(monkeypatch: pytest.MonkeyPatch, **names: Any) -> dict[str, Any]:
    from contextlib import nullcontext

    return run_file(
        "trl_chunked_logprob",
        monkeypatch,
        {
            "library": {},
            "library.trainer": {},
            "library.trainer.utils": {"maybe_gather_lm_head_ctx": lambda *_: nullcontext()},
        },
        **names,
    )


OUTPUTS = ("log_probs", "entropy", "is_top1")  # those that TRL's SFTTrainer asks for


@pytest.mark.parametrize("trained_head", [False, True])
def test_the_chunked_loss_holds_what_trls_own_file_does_with_kernels(
    trained_head: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from types import SimpleNamespace

    real = trls(
        monkeypatch,
        _use_triton=lambda _device: True,
        triton=SimpleNamespace(**TRITON),
        _forward_kernel=NoKernel(),
        _backward_kernel=NoKernel(),
        _addmm_fp32=lambda *_: None,  # adds in place on CUDA
    )["ChunkedLogProbFunction"]
    for hidden, weight, targets in shapes(trained_head, torch.bfloat16):
        theirs = measured(
            lambda h, w, t=targets: -real.apply(
                h, w, None, t, 1.0, 32768, None, 1.0, OUTPUTS
            )[0].sum(),
            hidden, weight, targets,
        )  # fmt: skip
        hidden.grad = weight.grad = None
        ours = measured(
            lambda h, w, t=targets: -ChunkedLogProb.apply(h, w, None, t, NOTES)[0].sum(),
            hidden, weight, targets,
        )  # fmt: skip
        assert ours == pytest.approx(theirs, abs=64)


def test_what_the_chunked_loss_keeps_is_what_trls_real_run_keeps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A real run on the CPU, whose loss is torch's."""
    real = trls(monkeypatch)["ChunkedLogProbFunction"]
    hidden, weight, targets = shapes(True, torch.float32)[0]
    values: list[float] = []

    def theirs(h: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        found = real.apply(h, w, None, targets, 1.0, 32768, None, 1.0, OUTPUTS)[0]
        values.append(-found.mean().item())
        return -found.sum()

    kept = measured(theirs, hidden, weight, targets)[1]
    assert values[0] == pytest.approx(functional.cross_entropy(hidden @ weight.t(), targets).item())
    hidden.grad = weight.grad = None
    ours = measured(
        lambda h, w: -ChunkedLogProb.apply(h, w, None, targets, NOTES)[0].sum(),
        hidden, weight, targets,
    )  # fmt: skip
    assert ours[1] == pytest.approx(kept, abs=64)


def test_the_loss_over_chunks_of_output_is_torchtunes(monkeypatch: pytest.MonkeyPatch) -> None:
    real = run_file("torchtune_ce_chunked_output_loss", monkeypatch, {})["CEWithChunkedOutputLoss"]
    head = nn.Linear(16, 500, bias=False)
    hidden = torch.randn(2, 40, 16, requires_grad=True)
    labels = torch.randint(0, 500, (2, 40))
    shifted = torch.hstack((labels[..., 1:], torch.full((2, 1), -100)))

    def theirs(h: torch.Tensor, _weight: torch.Tensor) -> torch.Tensor:
        return real()([head(part) for part in h.chunk(8, dim=1)], shifted)

    expected = measured(theirs, hidden, head.weight, labels, shifted)
    value = theirs(hidden, head.weight)
    hidden.grad = head.weight.grad = None
    ours = measured(
        lambda h, _w: chunked_output_loss(h, head, labels, NOTES), hidden, head.weight, labels
    )
    # the shifted labels are made within ours
    assert ours == pytest.approx(expected, abs=2 * shifted.numel() * 8)
    assert chunked_output_loss(hidden, head, labels, NOTES).item() == pytest.approx(value.item())


def test_cut_cross_entropy_keeps_numbers_for_tokens_and_words_and_no_logits() -> None:
    """Wijmans et al. 2024, section 4: memory for N tokens and |V| words is O(N + |V|)."""
    head = nn.Linear(16, 3000, bias=False, dtype=torch.bfloat16).requires_grad_(False)
    for tokens in (100, 800):
        hidden = torch.randn(1, tokens, 16, dtype=torch.bfloat16, requires_grad=True)
        labels = torch.randint(0, 3000, (1, tokens))
        found = measured(
            lambda h, _w, t=labels: cut_loss(h, head, t, NOTES), hidden, head.weight, labels
        )
        gradient = 2 * hidden.numel()
        assert max(found) - gradient <= 40 * tokens + 24 * 3000


def test_every_loss_names_its_library_and_is_a_choice() -> None:
    from lora_viz.choices.scenario import Scenario
    from lora_viz.memory.torch_step.losses.install import COMPUTE

    assert set(LOSSES) == set(Scenario.options("loss")) == {"full", *COMPUTE}
