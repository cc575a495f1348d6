"""What the package answers for the explainer's own settings, which its figures are held against."""

from __future__ import annotations

from dataclasses import dataclass

from lora_viz.adapter.layout import AdapterLayout
from lora_viz.checkpoint.sizes import (
    OptimizerLayout,
    SavedFile,
    adapter_bytes,
    optimizer_bytes,
)
from lora_viz.choices.scenario import Scenario
from lora_viz.explainer.quotes import ALPHA, ATTENTION_TARGETS, MODEL, RANK, SHORT_TARGETS
from lora_viz.memory.report import MemoryReport
from lora_viz.models.architecture import Architecture, Layer
from lora_viz.questions import ask_for
from lora_viz.questions.question import Ask

DTYPE = "float32"
# its batch and sequence length are this app's defaults; the explainer names none
STEP = Scenario(model=MODEL, rank=RANK, alpha=ALPHA, base_dtype=DTYPE, adapter_dtype=DTYPE)


@dataclass(frozen=True)
class Facts:
    """What the package answers for the explainer's own settings: GPT-2 small, r = 8, float32."""

    architecture: Architecture
    attention: AdapterLayout
    short_names: AdapterLayout
    optimizer: OptimizerLayout
    model_files: tuple[SavedFile, ...]
    full_step: MemoryReport
    lora_step: MemoryReport

    @property
    def c_attn(self) -> Layer:
        """The attention's joint projection, 768 → 2304."""
        return self.architecture.layer("transformer.h.0.attn.c_attn")

    @property
    def c_proj(self) -> Layer:
        """The attention's output projection, 768 → 768."""
        return self.architecture.layer("transformer.h.0.attn.c_proj")

    @property
    def total(self) -> int:
        """Parameters of the base model."""
        return self.architecture.total_parameters

    @property
    def short_trainable(self) -> int:
        """Parameters trained with the targets c_attn and c_proj."""
        return self.short_names.trainable_parameters(RANK)

    @property
    def attention_trainable(self) -> int:
        """Parameters trained with the targets c_attn and attn.c_proj."""
        return self.attention.trainable_parameters(RANK)

    def per_block(self, layout: AdapterLayout, rank: int) -> int:
        """Parameters that the adapter adds to one block."""
        return layout.added_parameters(rank) // len(self.architecture.blocks)

    @property
    def adapter_file(self) -> int:
        """Bytes of the adapter file with the targets c_attn and c_proj."""
        return adapter_bytes(self.short_names, RANK, DTYPE, DTYPE)

    @property
    def optimizer_file(self) -> int:
        """Bytes of the optimizer state saved with it."""
        return optimizer_bytes(self.optimizer, RANK, DTYPE, DTYPE)

    @property
    def model_file(self) -> int:
        """Bytes of the whole model's files."""
        return sum(file.bytes for file in self.model_files)


def collect_facts(ask: Ask) -> Facts:
    """Ask for everything that the audit needs; `ask` is `kept.compute` or `kept.ask`."""
    short = STEP.changed(method="lora", target_modules=SHORT_TARGETS)
    attention = short.changed(target_modules=ATTENTION_TARGETS)
    return Facts(
        architecture=ask(ask_for.architecture_of(short)),
        attention=ask(ask_for.adapter_of(attention)),
        short_names=ask(ask_for.adapter_of(short)),
        optimizer=ask(ask_for.optimizer_of(short)),
        model_files=ask(ask_for.model_files_of(short)),
        full_step=ask(ask_for.step_of(STEP.changed(method="full"))),
        lora_step=ask(ask_for.step_of(short)),
    )
