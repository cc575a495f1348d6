"""Several cards that train one model: how many, and what each of them holds of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Le

from lora_viz.choices.declaration import Declared, choice
from lora_viz.i18n import N_

ShardingName = Literal["ddp", "fsdp2", "zero1", "zero2", "zero3"]
Offload = Literal["none", "optimizer", "all"]
MOST_CARDS = 4096


@dataclass(frozen=True)
class Sharding:
    """One way to train on several cards.

    Attributes:
        name: its name in links and on the command line.
        label: what sentences call it.
        zero_stage: DeepSpeed's `zero_optimization.stage`; None where DeepSpeed has no part.
        splits_weights: whether a card holds only its part of the weights.
        offloads: what of it can lie in the computer's memory.
    """

    name: ShardingName
    label: str
    zero_stage: int | None
    splits_weights: bool
    offloads: tuple[Offload, ...]


SHARDINGS: dict[str, Sharding] = {
    one.name: one
    for one in (
        Sharding("ddp", "DDP", None, splits_weights=False, offloads=("none",)),
        Sharding("fsdp2", "FSDP2", None, splits_weights=True, offloads=("none", "all")),
        Sharding("zero1", "ZeRO-1", 1, splits_weights=False, offloads=("none", "optimizer")),
        Sharding("zero2", "ZeRO-2", 2, splits_weights=False, offloads=("none", "optimizer")),
        Sharding("zero3", "ZeRO-3", 3, splits_weights=True, offloads=("none", "optimizer", "all")),
    )
}


class SeveralCards(Declared):
    """How many cards there are, and how the step is spread over them."""

    world_size: Annotated[int, Ge(1), Le(MOST_CARDS)] = choice(
        1,
        N_("Cards"),
        N_("How many cards of this kind train together. Answers are for one of them."),
        group="cards",
    )
    sharding: ShardingName = choice(
        "ddp",
        N_("Spread over the cards"),
        N_(
            "DDP has the whole model on each card. FSDP2 and ZeRO-3 split weights, gradients and "
            "optimizer state; ZeRO-2 the last two, ZeRO-1 the optimizer state."
        ),
        group="cards",
    )
    cpu_offload: Offload = choice(
        "none",
        N_("In the computer's memory"),
        N_(
            "What waits outside of the cards: nothing, the optimizer state (ZeRO), or all of it "
            "with the weights (FSDP2, ZeRO-3)."
        ),
        group="cards",
    )
    quant_storage: Literal["uint8", "bfloat16", "float16", "float32"] = choice(
        "uint8",
        N_("Storage of packed weights"),
        N_(
            "The number format that four-bit weights are kept under. FSDP2 and ZeRO-3 split them "
            "only where it is that of the other weights."
        ),
        group="cards",
    )
