"""Which weights ZeRO-3 gathers, keeps and releases while a step goes through the model.

The rules are those of DeepSpeed's partitioned_param_coordinator.py, at blocks instead of modules.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby

from lora_viz.memory.torch_step.several_cards import deepspeed_rules as rules
from lora_viz.memory.torch_step.several_cards.rewriting import Rewriting
from lora_viz.memory.torch_step.several_cards.whole_model import Weight
from lora_viz.memory.trace import Segment

Unit = tuple[str, int]
FIRST, LAST = ("first", 0), ("last", 0)


@dataclass
class Gathering:
    """Follows the segments of a step and writes what is gathered into its trace.

    A block's weights are taken to be gathered when it begins; DeepSpeed gathers those of one module
    after the other, so that the forward pass may need less. What is not in any block is gathered
    before the first block if the model begins with it, else after the last.

    Args:
        visits: the units in the order in which the segments use them; None for none.
        weights: the weights that each unit gathers.
    """

    out: Rewriting
    cards: int
    sizes: rules.BufferSizes
    visits: list[Unit | None]
    weights: dict[Unit, list[Weight]]
    there: dict[tuple[Unit, int], int] = field(default_factory=dict)
    live: int = 0

    def enter(self, place: int) -> None:
        """Gather what a segment uses, and what comes next (`fetch_sub_module`)."""
        unit = self.visits[place]
        if unit is None:
            return
        for number in range(len(self.weights[unit])):
            self._gather(unit, number)
        most = min(self.sizes.prefetch, rules.MOST_LIVE - self.live)
        gathered = 0
        for following in self.visits[place + 1 :]:
            for number in range(len(self.weights[following]) if following else 0):
                if gathered >= most:
                    return
                assert following is not None
                gathered += self._gather(following, number)

    def leave(self, place: int) -> None:
        """Release what is not used soon again (`release_sub_module`, `__params_to_release`)."""
        unit = self.visits[place]
        if unit is None or self._is_used_soon(unit, place):
            return
        for number, weight in enumerate(self.weights[unit]):
            self.out.free(self.there.pop((unit, number)))
            self.live -= weight.numel

    def _gather(self, unit: Unit, number: int) -> int:
        if (unit, number) in self.there:
            return 0
        weight = self.weights[unit][number]
        size = rules.tensor_part(weight.numel, self.cards) * self.cards * weight.itemsize
        self.there[unit, number] = self.out.allocate(size, "exchange")
        self.live += weight.numel
        return weight.numel

    def _is_used_soon(self, unit: Unit, place: int) -> bool:
        passed = 0
        for following in self.visits[place + 1 :]:
            if passed >= rules.REUSE_DISTANCE:
                return False
            if following == unit:
                return True
            passed += sum(w.numel for w in self.weights[following]) if following else 0
        return False


def visits_of(segments: list[Segment]) -> tuple[list[Unit | None], dict[Unit, int]]:
    """The unit that each segment uses, and the kept block that each block is like.

    Blocks are numbered in the order of the forward pass; the backward pass meets them reversed.
    """
    visits: list[Unit | None] = []
    part_of: dict[Unit, int] = {}
    ahead: list[Unit] = []
    for phase, group in groupby(segments, key=lambda segment: segment.phase):
        stretch = list(group)
        blocks = [place for place, segment in enumerate(stretch) if segment.part is not None]
        for place, segment in enumerate(stretch):
            unit: Unit | None = None
            if phase not in ("forward", "backward"):
                pass
            elif segment.part is None:
                is_before = not blocks or place < blocks[0]
                is_after = not blocks or place > blocks[-1]
                at_start = is_before and (phase == "forward" or is_after)
                at_end = is_after if phase == "forward" else is_before
                unit = LAST if at_end else FIRST if at_start or is_after else None
            elif phase == "forward":
                unit = ("block", len(part_of))
                part_of[unit] = segment.part
                ahead.append(unit)
            elif ahead:
                unit = ahead.pop()
            visits.append(unit)
    return visits, part_of
