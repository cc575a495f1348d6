"""One training step: its batch, number formats, passes and optimizer."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge, Le

from lora_viz.choices.declaration import Declared, choice
from lora_viz.choices.optimizers import OptimizerName
from lora_viz.dtypes import DType
from lora_viz.i18n import N_


class StepChoices(Declared):
    """What changes a training step, and nothing that is trained."""

    batch_size: Annotated[int, Ge(1), Le(4096)] = choice(
        4, N_("Batch size"), N_("Sequences in one training step."), group="batch"
    )
    seq_len: Annotated[int, Ge(1), Le(1_048_576)] = choice(
        512, N_("Sequence length"), N_("Tokens in one sequence."), group="batch"
    )
    padding: bool = choice(
        False,
        N_("Padding"),
        N_("Batches hold padded sequences, so that attention needs a mask."),
        group="batch",
    )
    base_dtype: DType = choice(
        "float32",
        N_("Base dtype"),
        N_("Number format of the base model's weights."),
        group="formats",
    )
    adapter_dtype: DType = choice(
        "float32",
        N_("Adapter dtype"),
        N_("Number format of A, B and DoRA's magnitudes."),
        group="formats",
    )
    double_quant: bool = choice(
        False,
        N_("Double quantization"),
        N_("Pack the quantization constants too, from four bytes to about one."),
        short="double-quant",
        group="formats",
    )
    kbit_preparation: Literal["all", "norms", "none"] = choice(
        "all",
        N_("Preparation for 4-bit training"),
        N_("Which unpacked weights become float32: all, as PEFT does, only norms, or none."),
        group="formats",
    )
    gradient_checkpointing: bool = choice(
        False,
        N_("Gradient checkpointing"),
        N_("Keep only each block's input and compute the rest again in the backward pass."),
        group="passes",
    )
    attention: Literal["sdpa", "eager", "flash_attention_2"] = choice(
        "sdpa",
        N_("Attention"),
        N_("Which implementation of attention the model runs."),
        group="passes",
    )
    training_loop: Literal["plain", "trainer"] = choice(
        "plain",
        N_("Training loop"),
        N_(
            "A plain loop keeps the model's outputs during the backward pass. Trainer with mixed "
            "precision frees them and runs the model under autocast."
        ),
        group="passes",
    )
    optimizer: OptimizerName = choice(
        "adamw",
        N_("Optimizer"),
        N_(
            "AdamW keeps two moments for each trainable value, of one byte each in 8 bits. SGD "
            "keeps none. Fused and loop need no copies of all weights at once."
        ),
        group="optimizer",
    )
    gradient_accumulation: Annotated[int, Ge(1), Le(1024)] = choice(
        1,
        N_("Gradient accumulation"),
        N_("Batches whose gradients are added up for one step."),
        group="optimizer",
    )
    gradient_clipping: bool = choice(
        True,
        N_("Gradient clipping"),
        N_("Scale gradients down to a norm of one before the step."),
        group="optimizer",
    )
