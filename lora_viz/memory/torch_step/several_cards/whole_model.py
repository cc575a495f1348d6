"""The weights of the whole model in order, from those of the blocks that were kept of it.

Importing this module loads torch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import nn

from lora_viz.memory.extend import Depth


@dataclass(frozen=True)
class Weight:
    """One parameter: its values, bytes of each, and the kept block that it is of (None: of none).

    `is_first` says that a model's forward pass begins with it, as it does with embeddings.
    """

    numel: int
    itemsize: int
    is_trained: bool
    part: int | None
    is_first: bool

    @property
    def bytes(self) -> int:
        """All of its bytes."""
        return self.numel * self.itemsize


@dataclass(frozen=True)
class WholeModel:
    """Every parameter of a model, tied ones once: of the kept blocks, and of all blocks in order.

    `width` is the configuration's `hidden_size`.
    """

    kept: tuple[Weight, ...]
    weights: tuple[Weight, ...]
    width: int

    @property
    def trained(self) -> list[Weight]:
        """The parameters that are trained, in order."""
        return [weight for weight in self.weights if weight.is_trained]


def whole_model(
    whole: nn.Module, base: Any, lists: list[list[nn.Module]], depths: list[Depth]
) -> WholeModel:
    """What a shallow model says of the whole one.

    Args:
        lists: its lists of blocks, of which each stands for those that `depths` says.
    """
    part_of = {
        id(parameter): depth.first + place
        for blocks, depth in zip(lists, depths, strict=True)
        for place, block in enumerate(blocks)
        for parameter in block.parameters()
    }
    first = {id(parameter) for parameter in base.get_input_embeddings().parameters()}
    kept = tuple(
        Weight(
            parameter.numel(),
            parameter.element_size(),
            parameter.requires_grad,
            part_of.get(id(parameter)),
            id(parameter) in first,
        )
        for parameter in whole.parameters()
    )
    config = base.config.get_text_config()
    return WholeModel(kept, tuple(_repeated(kept, depths)), config.hidden_size)


def _repeated(kept: tuple[Weight, ...], depths: list[Depth]) -> Iterator[Weight]:
    by_part: dict[int | None, list[Weight]] = {}
    for weight in kept:
        by_part.setdefault(weight.part, []).append(weight)
    done: set[int] = set()
    for weight in kept:
        if weight.part is None:
            yield weight
            continue
        for depth in depths:
            if weight.part in depth and depth.first not in done:
                done.add(depth.first)
                for place in depth.stands_in:
                    yield from by_part.get(depth.first + place, ())
