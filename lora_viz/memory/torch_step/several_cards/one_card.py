"""The parts of a step that differ between ways to train on several cards, as one card has them.

Importing this module loads torch, transformers and peft.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from lora_viz.memory.settings import StepSettings
from lora_viz.memory.torch_step.classify import mark_trained
from lora_viz.memory.torch_step.loading import give_storages
from lora_viz.memory.torch_step.mixed_precision import AUTOCAST_DTYPES
from lora_viz.memory.torch_step.recorder import Recorder
from lora_viz.memory.torch_step.stand_in import StandIn

Inputs = dict[str, torch.Tensor]


class OneCard:
    """A card with the whole model, gradients and optimizer state on it."""

    def __init__(self, stand_in: StandIn, settings: StepSettings, recorder: Recorder) -> None:
        self.stand_in, self.settings, self.recorder = stand_in, settings, recorder

    @contextmanager
    def connected(self) -> Iterator[None]:
        """Have the other cards there while the step runs."""
        yield

    def load(self, begin: Callable[[nn.Module], None]) -> None:
        """Give the model its storages; `begin` is called with the module whose come next."""
        give_storages(self.stand_in.whole, begin)

    def accumulate(self, trainable: list[nn.Parameter], _batch: Callable[[], None]) -> None:
        """Have the gradients of earlier batches there; `_batch` runs one."""
        for parameter in trainable:
            parameter.grad = torch.empty_like(parameter)
        mark_trained(self.recorder, trainable, {}, self.settings.optimizer)

    def forward(self, inputs: Inputs) -> Any:
        """The model's outputs, under mixed precision where the training loop has it."""
        if not self.is_mixed:
            return self.stand_in.whole(**inputs)
        dtype = AUTOCAST_DTYPES[self.settings.mixed_precision]
        return under_autocast(self.stand_in.whole, dtype, self.loop_turns_outputs)(**inputs)

    @contextmanager
    def updating(self) -> Iterator[None]:
        """What is around clipping and the optimizer's step."""
        yield

    @property
    def is_mixed(self) -> bool:
        """Whether the model runs under autocast."""
        return self.settings.mixed_precision != "none"

    @property
    def loop_turns_outputs(self) -> bool:
        """Whether outputs become float32 under autocast, as accelerate does for Trainer."""
        return self.settings.training_loop == "trainer"

    @property
    def scales_gradients(self) -> bool:
        """Whether PyTorch's own scaler of gradients is used, which float16 needs."""
        return self.settings.mixed_precision == "fp16"


def under_autocast(
    forward: Callable[..., Any], dtype: torch.dtype, turns_outputs: bool = True
) -> Callable[..., Any]:
    """A forward pass as accelerate wraps it for mixed precision (`Accelerator.prepare_model`).

    Args:
        turns_outputs: whether its outputs become float32 (`convert_outputs_to_fp32`).
    """

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        with torch.autocast("cpu", dtype=dtype):
            outputs = forward(*args, **kwargs)
        for name, value in list(outputs.items()) if turns_outputs else ():
            if isinstance(value, torch.Tensor) and value.is_floating_point():
                outputs[name] = value.float()
        return outputs

    return wrapped
