"""One training step: its batch, number formats, passes and optimizer."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from annotated_types import Ge, Le
from pydantic import field_validator

from lora_viz.choices.declaration import Declared, InLinks, choice
from lora_viz.choices.losses import LossName
from lora_viz.choices.optimizers import OptimizerName
from lora_viz.choices.peft_values import LONGEST_TEXT, short_json
from lora_viz.dtypes import DType
from lora_viz.i18n import N_

MOST_LENGTHS = 400  # that are kept of many: enough to describe them, and short enough for a link
LONGEST_LENGTH = 1_048_576  # as the sequence length's
PackingName = Literal["none", "one_row", "rows"]
OffloadingName = Literal["none", "checkpoints", "activations"]


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
    packing: PackingName = choice(
        "none",
        N_("Packing"),
        N_(
            "Sequences follow one another without padding, and none sees another: in one row for "
            "the whole batch, as TRL and axolotl do, or in rows of the sequence length."
        ),
        group="batch",
    )
    lengths: Annotated[
        tuple[int, ...],
        InLinks(
            re.compile(r"\d{1,7}"),
            N_("lengths in tokens with commas between them, such as 128,256,512"),
            LONGEST_TEXT,
        ),
    ] = choice(
        (),
        N_("Lengths of texts"),
        N_(
            "Tokens of your texts, such as 128,256,512; longer ones are cut at the sequence "
            "length. Without them every sequence is as long as that."
        ),
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
    offloading: OffloadingName = choice(
        "none",
        N_("Offloading"),
        N_(
            "What waits in the host's memory for the backward pass: checkpoints, as Unsloth moves "
            "them, or all saved activations, as TRL and torchtune do."
        ),
        group="passes",
    )
    loss: LossName = choice(
        "full",
        N_("Loss"),
        N_(
            "full holds all logits. chunked is TRL's loss, chunked_output torchtune's, fused "
            "Liger's, and cut is Cut Cross-Entropy: they hold a part of them, or none."
        ),
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
            "A plain loop keeps the model's outputs during the backward pass; Trainer frees them "
            "before it."
        ),
        group="passes",
    )
    mixed_precision: Literal["auto", "none", "bf16", "fp16"] = choice(
        "auto",
        N_("Mixed precision"),
        N_(
            "Run the forward pass under autocast, as bf16=True or fp16=True of Trainer does; auto: "
            "with Trainer in the format of half-precision weights, without it not at all."
        ),
        group="passes",
    )
    optimizer: OptimizerName = choice(
        "adamw",
        N_("Optimizer"),
        N_(
            "AdamW keeps two moments for each trainable value, of one byte each in 8 bits; Lion "
            "keeps one, Adafactor sums over rows and columns, SGD nothing. What paged ones keep "
            "leaves the card where it has no room. Fused and loop need no copies of all weights at "
            "once."
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

    @field_validator("lengths", mode="before")
    @classmethod
    def read_lengths_of_texts(cls, value: object) -> object:
        """Read "128,256" as two lengths; of very many only as many as describe them stay."""
        return read_lengths(value)


def read_lengths(given: object) -> tuple[int, ...]:
    """Tokens of texts between commas, or a list of them, in order.

    Of more than `MOST_LENGTHS` that many stay: the middle of each of as many equal shares, and the
    longest.
    """
    if isinstance(given, str):
        given = short_json(f"[{given.strip().strip('[]')}]")
    if not isinstance(given, (list, tuple)):
        raise ValueError("no list")
    lengths: list[int] = []
    for one in given:
        if not isinstance(one, int) or isinstance(one, bool) or not 1 <= one <= LONGEST_LENGTH:
            raise ValueError("no length")
        lengths.append(one)
    return _described(sorted(lengths))


def _described(lengths: list[int]) -> tuple[int, ...]:
    count = len(lengths)
    if count <= MOST_LENGTHS:
        return tuple(lengths)
    middles = [
        lengths[(2 * share + 1) * count // (2 * MOST_LENGTHS)] for share in range(MOST_LENGTHS)
    ]
    return (*middles[:-1], lengths[-1])
