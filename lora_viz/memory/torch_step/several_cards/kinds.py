"""Which card a step is run as, and what is put into its trace afterwards.

Importing this module loads torch, transformers and peft.
"""

from __future__ import annotations

from lora_viz.choices.several_cards import SHARDINGS
from lora_viz.errors import UserError
from lora_viz.i18n import N_
from lora_viz.memory.settings import StepSettings
from lora_viz.memory.torch_step.recorder import Recorder
from lora_viz.memory.torch_step.several_cards.ddp import bucket_bytes
from lora_viz.memory.torch_step.several_cards.one_card import OneCard
from lora_viz.memory.torch_step.several_cards.whole_model import WholeModel
from lora_viz.memory.torch_step.several_cards.zero import under_zero
from lora_viz.memory.torch_step.several_cards.zero_card import ZeroCard
from lora_viz.memory.torch_step.stand_in import StandIn
from lora_viz.memory.trace import Allocation, Event, Segment, Trace, rounded


def check_cards(settings: StepSettings) -> None:
    """Refuse what a way to train on several cards cannot do.

    Raises:
        UserError: it does not off-load this, or it does not take packed weights of this storage.
    """
    sharding = SHARDINGS[settings.sharding]
    if settings.cpu_offload not in sharding.offloads:
        raise UserError(
            N_("%(sharding)s keeps in the computer's memory one of: %(offloads)s."),
            sharding=sharding.label,
            offloads=", ".join(sharding.offloads),
        )
    is_packed_apart = settings.is_quantized and settings.quant_storage != settings.base_dtype
    if sharding.name == "zero3" and is_packed_apart and settings.world_size > 1:
        raise UserError(
            N_(
                "DeepSpeed refuses weights of several number formats under ZeRO-3: choose "
                "%(dtype)s as the storage of packed weights."
            ),
            dtype=settings.base_dtype,
        )


def card_of(stand_in: StandIn, settings: StepSettings, recorder: Recorder) -> OneCard:
    """The card that a step is run as; what FSDP2 needs is loaded only for it."""
    if settings.world_size == 1 or settings.sharding == "ddp":
        return OneCard(stand_in, settings, recorder)
    if SHARDINGS[settings.sharding].zero_stage:
        return ZeroCard(stand_in, settings, recorder)
    from lora_viz.memory.torch_step.several_cards.fsdp2 import Fsdp2Card

    return Fsdp2Card(stand_in, settings, recorder)


def on_several_cards(trace: Trace, model: WholeModel, settings: StepSettings) -> Trace:
    """The trace of all blocks with what depends on the whole model: DDP's buckets, ZeRO's parts."""
    if settings.world_size == 1:
        return trace
    if settings.sharding == "ddp":
        return _with_buckets(trace, bucket_bytes(model.trained))
    if SHARDINGS[settings.sharding].zero_stage:
        return under_zero(trace, model, settings)
    return trace


def _with_buckets(trace: Trace, buckets: list[int]) -> Trace:
    """Buckets are there before the step and stay."""
    segment, first = len(trace.segments), len(trace.allocations)
    allocations = [Allocation(rounded(size), segment, "exchange") for size in buckets]
    events = [Event(first + number, False, segment) for number in range(len(buckets))]
    return Trace(
        [*trace.allocations, *allocations],
        [*events, *trace.events],
        [*trace.segments, Segment("setup", None)],
    )
