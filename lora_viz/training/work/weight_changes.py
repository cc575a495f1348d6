"""The change ΔW of a model's layers: A and B of an adapter, or W now − W before."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import torch
from peft.tuners.lora.layer import LoraLayer
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from lora_viz.adapter.from_peft import ADAPTER
from lora_viz.training.work.measurements import BASE_LAYER, PEFT_PREFIX, tensor_bytes


@dataclass(frozen=True)
class LowRank:
    """ΔW = scaling · B · A with A (r, in) and B (out, r), and DoRA's magnitude (out,)."""

    a: Tensor
    b: Tensor
    scaling: float
    magnitude: Tensor | None

    @property
    def delta(self) -> Tensor:
        """ΔW (out, in)."""
        return self.scaling * (self.b @ self.a)

    def singular_values(self) -> tuple[float, ...]:
        """Those of ΔW, at most r, in falling order.

        With QR of B and Aᵀ they are those of scaling · R_B · R_Aᵀ (r, r): exact, and without ΔW.
        """
        left = torch.linalg.qr(self.b.double(), mode="r").R
        right = torch.linalg.qr(self.a.double().T, mode="r").R
        values = torch.linalg.svdvals(self.scaling * (left @ right.T))
        return tuple(values.tolist())


def adapted_layers(model: nn.Module) -> dict[str, Any]:
    """PEFT's layers by their names in the base model; embeddings, whose A and B differ, are not."""
    return {
        name.removeprefix(PEFT_PREFIX).replace(BASE_LAYER, ""): module
        for name, module in model.named_modules()
        if isinstance(module, LoraLayer) and ADAPTER in module.lora_A
    }


def linear_layers(model: nn.Module) -> dict[str, Any]:
    """Every linear layer of a base model by its name; the head is left to the embedding."""
    head = getattr(model, "get_output_embeddings", lambda: None)()
    return {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, (nn.Linear, Conv1D)) and module is not head
    }


def low_rank(layer: Any) -> LowRank:
    """An adapted layer's A, B and scaling, in float32 on the CPU."""
    magnitude = getattr(layer, "lora_magnitude_vector", {})
    return LowRank(
        a=_plain(layer.lora_A[ADAPTER].weight),
        b=_plain(layer.lora_B[ADAPTER].weight),
        scaling=float(layer.scaling[ADAPTER]),
        magnitude=_plain(magnitude[ADAPTER].weight) if ADAPTER in magnitude else None,
    )


def weight_of(layer: Any) -> Tensor:
    """A linear layer's weight as (out, in) in float32 on the CPU, whatever its class stores."""
    base = _base_layer(layer)
    weight = _plain(base.weight)
    return weight.T.contiguous() if isinstance(base, Conv1D) else weight


def weight_hash(layer: Any) -> str:
    """The SHA-256 of a layer's weight as it lies in memory."""
    return hashlib.sha256(tensor_bytes(_base_layer(layer).weight)).hexdigest()


def _base_layer(layer: Any) -> Any:
    return layer.get_base_layer() if isinstance(layer, LoraLayer) else layer


def _plain(tensor: Tensor) -> Tensor:
    return tensor.detach().float().cpu()
