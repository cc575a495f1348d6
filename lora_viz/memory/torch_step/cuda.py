"""Where the simulated device, a CPU, differs from CUDA: one named correction each.

Importing this module loads torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from lora_viz.memory.torch_step.attention import FusedAttention, fused_kernel

HALF = (torch.float16, torch.bfloat16)

# torch/csrc/autograd and aten/src/ATen/autocast_mode.h (AT_FORALL_FP32): operations that CUDA's
# autocast runs in float32 and the CPU's leaves alone; only those that language models call.
FLOAT32_UNDER_AUTOCAST = {
    torch.layer_norm,
    functional.layer_norm,
    torch.pow,
    torch.Tensor.pow,
    torch.rsqrt,
    torch.Tensor.rsqrt,
    torch.norm,
    torch.Tensor.norm,
    functional.cross_entropy,
    functional.nll_loss,
    functional.softplus,
    functional.group_norm,
}
# AT_FORALL_FP32_SET_OPT_DTYPE: these get dtype=float32 instead of converted inputs.
FLOAT32_RESULT_UNDER_AUTOCAST = {
    torch.softmax,
    torch.Tensor.softmax,
    functional.softmax,
    torch.log_softmax,
    torch.Tensor.log_softmax,
    functional.log_softmax,
    torch.sum,
    torch.Tensor.sum,
    torch.cumsum,
    torch.Tensor.cumsum,
    torch.prod,
    torch.Tensor.prod,
}
SOFTMAX = {functional.softmax, torch.softmax, torch.Tensor.softmax}


class AsOnCuda(TorchFunctionMode):
    """Runs functions as a CUDA device of this compute capability would.

    `record_flops` is told the operations of attention, which runs as one kernel. `mask_is_full`
    answers libraries that look into a padding mask whether it has no padding. A whole number that
    they read off the data is how many tokens a mask has, which are all, or else the last position,
    `tokens` − 1. `experts` is how many experts tokens are spread over. `is_packed` says that the
    mask keeps packed sequences apart.

    A number drawn at random is never below a threshold: LayerDrop, which skips a layer then, has
    every layer run, as in the step that takes the most.
    """

    def __init__(
        self,
        compute_capability: float,
        record_flops: Callable[[float], None],
        mask_is_full: bool,
        tokens: int,
        experts: int,
        is_packed: bool = False,
    ) -> None:
        super().__init__()
        self.compute_capability = compute_capability
        self.record_flops = record_flops
        self.mask_is_full = mask_is_full
        self.tokens = tokens
        self.experts = experts
        self.is_packed = is_packed

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        if func is functional.scaled_dot_product_attention:
            return self.attention(*args, **kwargs)
        if func in (torch.Tensor.__bool__, torch.Tensor.__contains__):
            is_question_for_padding = func is torch.Tensor.__contains__
            return self.mask_is_full != is_question_for_padding
        if func is torch.Tensor.item and not args[0].is_floating_point():
            return getattr(args[0], "counted", self.tokens - 1)
        if func is torch.Tensor.sum and len(args) == 1 and not args[0].is_floating_point():
            return counting(func(*args, **kwargs), args[0].numel())
        if func is torch.Tensor.lt and _is_drawn_number(args[0]):
            return False
        if func is torch.Tensor.nonzero and args[0].shape == (self.experts,):
            return range(self.experts)  # transformers 4.52 to 4.57 asks which experts are chosen
        if func is torch.where and len(args) == 1 and not kwargs:
            return even_share(args[0], self.experts)
        if func in (functional.dropout, torch.dropout):
            return dropout(*args, **kwargs)
        if torch.is_autocast_enabled():
            args, kwargs = autocast_to_float32(func, args, kwargs)
        if func in SOFTMAX:
            return softmax(func, args, kwargs)
        return func(*args, **kwargs)

    def attention(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        attn_mask: torch.Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> torch.Tensor:
        """`scaled_dot_product_attention` as the kernel that CUDA would choose."""
        if torch.is_autocast_enabled():
            half = torch.get_autocast_dtype("cpu")
            query, key, value = query.to(half), key.to(half), value.to(half)
        # Where flash attention does not run, a T4's measured run had expanded heads and the
        # memory-efficient kernel (see "How far to trust this").
        if enable_gqa and self.compute_capability < 8.0:
            key = key.repeat_interleave(query.shape[1] // key.shape[1], 1)
            value = value.repeat_interleave(query.shape[1] // value.shape[1], 1)
        if self.is_packed and attn_mask is not None and attn_mask.dtype is torch.bool:
            attn_mask = as_bias(attn_mask, query.dtype)
        kernel = fused_kernel(query, attn_mask, self.compute_capability)
        if kernel == "math":
            output, _scores = torch.ops.aten._scaled_dot_product_attention_math(
                query, key, value, attn_mask, dropout_p, is_causal, scale=scale
            )
            return output
        return FusedAttention.apply(query, key, value, attn_mask, kernel, self.record_flops)


def as_bias(mask: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """The mask as a number that is added to each score, which each layer makes and keeps.

    `convert_boolean_attn_mask` of transformers/attention.cpp.
    """
    return torch.where(mask, 0.0, torch.full((), -torch.inf, dtype=dtype))


def dropout(
    input: torch.Tensor, p: float = 0.5, training: bool = True, *_: Any, **__: Any
) -> torch.Tensor:
    """Dropout with CUDA's mask of one byte a value (`native_dropout`); the CPU's has four."""
    if not training or p == 0:
        return input
    return torch.native_dropout(input, p, True)[0]


def experts_of(config: Any) -> int:
    """How many experts a configuration names for each token's choice; 1 without any."""
    names = ("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts")
    return next((count for name in names if (count := getattr(config, name, None))), 1)


def even_share(chosen: torch.Tensor, experts: int) -> tuple[torch.Tensor, ...]:
    """`torch.where` over which tokens chose one expert, were they spread evenly over all.

    transformers before version 5 asks so for every expert; how many there are depends on data.

    Args:
        chosen: shape (choices a token, tokens), 1 where a token's choice is this expert.
    """
    share = -(-chosen.numel() // experts)
    return tuple(chosen.new_empty(share, dtype=torch.int64) for _axis in chosen.shape)


def grouped_product(a: torch.Tensor, b: torch.Tensor, experts: int) -> torch.Tensor:
    """The result of `_grouped_mm` in dtypes that CUDA's kernel takes and the simulated one refuses.

    GroupedBlas.cpp multiplies float32 and float16 group by group into one result.

    Args:
        a, b: (tokens, in) and (experts, in, out), or both of two dimensions for the gradient of
            all experts' weights.
    """
    groups = (experts,) if a.dim() == b.dim() == 2 else ()
    return a.new_empty((*groups, a.shape[-2], b.shape[-1]))


def _is_drawn_number(value: Any) -> bool:
    is_tensor = isinstance(value, torch.Tensor)
    return is_tensor and value.dim() == 0 and value.is_floating_point()


def softmax(func: Any, args: Any, kwargs: dict[str, Any]) -> torch.Tensor:
    """Softmax from float16 to float32 without a converted copy (SoftMax.cpp: CUDA, Half only)."""
    dtype = kwargs.get("dtype")
    if dtype is torch.float32 and args[0].dtype is torch.float16:
        dim = kwargs["dim"] if "dim" in kwargs else args[1]
        return torch.ops.aten._softmax(args[0], dim, True)
    return func(*args, **kwargs)


def counting(total: torch.Tensor, count: int) -> torch.Tensor:
    """The sum over a mask, which is known without data: no token of it is padding."""
    total.counted = count  # type: ignore[attr-defined]
    return total


def temporaries(func: Any, args: Any) -> list[torch.Tensor]:
    """Tensors that CUDA's kernel of an operation needs in addition to its result.

    The gradient of softmax is made of the product of the result and its gradient, which is a
    tensor of its own (SoftMax.cu, `softmax_backward_cuda_out`).
    """
    if func is torch.ops.aten._softmax_backward_data.default:
        return [args[0] * args[1]]
    return []


def is_on_host(func: Any) -> bool:
    """Whether an optimizer's operation makes a tensor that stays with the CPU.

    AdamW counts the steps of each parameter in `torch.tensor(0.0)`, which names no device, unless
    it is fused (`_init_group` in torch/optim/adam.py).
    """
    return func is torch.ops.aten.lift_fresh.default


def autocast_to_float32(func: Any, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Inputs as CUDA's autocast hands them to operations that it runs in float32."""
    if func in FLOAT32_UNDER_AUTOCAST:
        return tuple(_as_float32(value) for value in args), {
            name: _as_float32(value) for name, value in kwargs.items()
        }
    sets_dtype = func in FLOAT32_RESULT_UNDER_AUTOCAST and kwargs.get("dtype") is None
    if sets_dtype and isinstance(args[0], torch.Tensor) and args[0].dtype in HALF:
        return args, kwargs | {"dtype": torch.float32}
    return args, kwargs


def _as_float32(value: Any) -> Any:
    return value.float() if isinstance(value, torch.Tensor) and value.dtype in HALF else value


@contextmanager
def not_traced() -> Iterator[None]:
    """Let transformers choose masks as it does for real tensors: it takes fake ones for tracing."""
    try:
        from transformers import masking_utils
    except ImportError:  # transformers before 4.53 does not ask
        yield
        return
    if not hasattr(masking_utils, "is_tracing"):
        yield
        return
    with patch.object(masking_utils, "is_tracing", lambda *_: False):
        yield


@contextmanager
def autocast_is_for_cuda() -> Iterator[None]:
    """Let libraries that ask for CUDA's autocast see the CPU's, which is the one that is on."""
    enabled, dtype = torch.is_autocast_enabled, torch.get_autocast_dtype
    with (
        patch("torch.is_autocast_enabled", lambda *_: enabled("cpu")),
        patch("torch.get_autocast_gpu_dtype", lambda: dtype("cpu")),
        patch("torch.get_autocast_dtype", lambda *_: dtype("cpu")),
    ):
        yield


def cublas_workspace_bytes(compute_capability: float) -> int:
    """cuBLAS's workspace for one thread: 32 MiB from compute capability 9.0 on, else 8.125 MiB.

    CUBLAS_WORKSPACE_CONFIG's defaults, `:4096:8` and `:4096:2:16:8` (CUDABlas.cpp,
    `parseChosenWorkspaceSize`).
    """
    kibibytes = 4096 * 8 if compute_capability >= 9.0 else 4096 * 2 + 16 * 8
    return kibibytes * 1024
