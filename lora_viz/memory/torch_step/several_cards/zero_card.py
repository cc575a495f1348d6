"""The part of a ZeRO step that runs: forward and backward as DeepSpeed's engine has them.

Importing this module loads torch, transformers and peft.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn

from lora_viz.choices.several_cards import SHARDINGS
from lora_viz.memory.torch_step.four_bits import Linear4bit
from lora_viz.memory.torch_step.loading import give_storages
from lora_viz.memory.torch_step.several_cards.one_card import Inputs, OneCard


class ZeroCard(OneCard):
    """A card whose step is recorded without what DeepSpeed does: `zero.py` adds that by its rules.

    The model runs in its own half precision, without autocast (`_configure_distributed_model`).
    """

    def load(self, begin: Callable[[nn.Module], None]) -> None:
        """The whole model in stages 1 and 2; in stage 3 only what is no parameter."""
        if not self.settings.splits_weights:
            super().load(begin)
            return
        whole = self.stand_in.whole
        with self.recorder.paused():
            give_storages(whole, lambda _module: None)
        for parameter in whole.parameters():
            self.recorder.leaves(parameter)
        for module in whole.modules():
            begin(module)
            for buffer in module.buffers(recurse=False):
                self.recorder.see(buffer)
            if isinstance(module, Linear4bit):
                for constant in module.quant_state.tensors():
                    self.recorder.see(constant)

    def accumulate(self, trainable: list[nn.Parameter], batch: Callable[[], None]) -> None:
        """Stage 1 has the whole gradients of earlier batches there, the others their parts."""
        if SHARDINGS[self.settings.sharding].zero_stage == 1:
            super().accumulate(trainable, batch)

    @property
    def scales_gradients(self) -> bool:
        """DeepSpeed scales the loss itself, by a number of Python's."""
        return False

    def forward(self, inputs: Inputs) -> Any:
        return self.stand_in.whole(**inputs)

    @contextmanager
    def updating(self) -> Iterator[None]:
        with self.recorder.paused():
            yield
