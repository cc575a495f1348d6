"""What training keeps of a whole model before any data: weights, gradients, optimizer state.

Activations, which depend on the batch, are not part of it, and neither is what the libraries
themselves take on a card.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from lora_viz.adapter import AdapterLayout
from lora_viz.architecture import Architecture
from lora_viz.checkpoint import tensor_dtype
from lora_viz.file_formats import BYTES_PER_VALUE
from lora_viz.scenario import Scenario
from lora_viz.training_bytes import MOMENTS

# 4-bit NormalFloat as bitsandbytes stores it (Dettmers et al. 2023, QLoRA): half a byte a value
# and one float32 constant for each 64 values.
NF4_BYTES = 0.5
NF4_BLOCK = 64
NF4_CONSTANT_BYTES = 4


@dataclass(frozen=True)
class TrainingState:
    """Bytes by kind. `weights` are the base model's, trained in full fine-tuning, else frozen."""

    method: str
    weights: int
    quantization: int
    adapter: int
    gradients: int
    optimizer: int

    @property
    def total(self) -> int:
        """All of them together, without activations."""
        return self.weights + self.quantization + self.adapter + self.gradients + self.optimizer


def training_state(
    method: str, scenario: Scenario, architecture: Architecture, layout: AdapterLayout
) -> TrainingState:
    """The state of training by one method, whatever the scenario's own method is."""
    moments = MOMENTS[scenario.optimizer]
    base = BYTES_PER_VALUE[scenario.base_dtype]
    if method == "full":
        weights = architecture.total_parameters * base
        return TrainingState(method, weights, 0, 0, weights, moments * weights)
    trained = sum(
        tensor.values(scenario.rank)
        * BYTES_PER_VALUE[tensor_dtype(tensor, scenario.adapter_dtype, scenario.base_dtype)]
        for tensor in layout.tensors
        if tensor.trainable
    )
    adapter = layout.added_parameters(scenario.rank) * BYTES_PER_VALUE[scenario.adapter_dtype]
    quantized = quantized_values(architecture) if method == "qlora" else 0
    weights = (architecture.total_parameters - quantized) * base + int(quantized * NF4_BYTES)
    constants = quantized // NF4_BLOCK * NF4_CONSTANT_BYTES
    return TrainingState(method, weights, constants, adapter, trained, moments * trained)


def quantized_values(architecture: Architecture) -> int:
    """Values in the weights that 4-bit loading packs: the linear layers of the blocks.

    Embeddings, norms, biases, the head and experts that are stored as one tensor stay as they are.
    """
    return sum(prod(layer.weight_shape) for layer in architecture.linear_layers() if layer.block)
