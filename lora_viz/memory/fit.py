"""What fits on a card, and how far batch and sequence can grow until it does not.

A step needs what `MemoryReport.needs` says: the peak that it allocates, what PyTorch's default
allocator reserves beyond it, and an assumed CUDA context. Here it *fits* where a card has all of
that, and is *tight* where the card has no room for what is reserved beyond: then it may run, with
`PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True` or after the allocator has given cached memory
back.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal

from lora_viz.choices.scenario import Scenario
from lora_viz.memory.report import CUDA_CONTEXT_BYTES, MemoryReport

Verdict = Literal["fits", "tight", "too_large"]
Field = Literal["batch_size", "seq_len"]
Limit = Literal["card", "context", "setting"]
Simulate = Callable[[Scenario], MemoryReport]


@dataclass(frozen=True)
class Largest:
    """The largest value of a field that fits a card; each was simulated, and so was one more.

    `value` is where the default allocator has room, `tight_value` where expandable segments have;
    0 where not even 1 does. Reserved memory may go down where a value grows, so that some values
    between the two may fit as well. `limited_by` says what ends `tight_value`: the card's memory,
    the model's context, or the highest value that the setting has.
    """

    field: Field
    value: int
    tight_value: int
    limited_by: Limit


def room(memory_bytes: int) -> int:
    """Bytes of a card that are left after the CUDA context."""
    return memory_bytes - CUDA_CONTEXT_BYTES


def verdict(report: MemoryReport, memory_bytes: int) -> Verdict:
    """Whether a step fits a card of this many bytes."""
    if report.needs.total <= memory_bytes:
        return "fits"
    return "tight" if report.reserved_low <= room(memory_bytes) else "too_large"


def largest(
    scenario: Scenario, field: Field, simulate: Simulate, context_length: int | None = None
) -> Largest:
    """Search for the largest batch or the longest sequence that fits the scenario's card.

    Args:
        simulate: what one step takes; asked for few values, and again for some of them.
        context_length: the model's, beyond which no sequence is tried.
    """
    most = Scenario.limits(field)[1]
    bounded = field == "seq_len" and context_length is not None
    highest = min(most, context_length) if bounded and context_length else most
    reports: dict[int, MemoryReport] = {}

    def report_at(value: int) -> MemoryReport:
        if value not in reports:
            reports[value] = simulate(scenario.changed(**{field: value}))
        return reports[value]

    space = room(scenario.card.memory_bytes)
    start = min(getattr(scenario, field), highest)
    value = Search(lambda n: report_at(n).reserved_high, space, highest).run([start])
    tight = Search(lambda n: report_at(n).reserved_low, space, highest).run(list(reports))
    limit: Limit = "card" if tight < highest else "context" if highest != most else "setting"
    return Largest(field, value, tight, limit)


class Search:
    """A search for the largest number from 1 to `highest` whose bytes fit into `space`.

    Memory is close to a straight line, so a line through what is known says where to look next. In
    a bracket that is Illinois' variant of false position (Dowell and Jarratt 1971): an end that
    stays counts half, so that the other side is reached soon.
    """

    def __init__(self, bytes_at: Callable[[int], int], space: int, highest: int) -> None:
        self.bytes_at, self.space, self.highest = bytes_at, space, highest
        self.excess: dict[int, float] = {}

    def run(self, first: Collection[int]) -> int:
        """The number, or 0 if not even 1 fits.

        It has been asked for itself and fits; its successor has been asked for and does not. Where
        bytes do not always grow with the number, it is one of the numbers with that property.

        Args:
            first: the numbers to ask for first, at least one.
        """
        for number in first:
            self._fits(number)
        fitting = [number for number, excess in self.excess.items() if excess <= 0]
        if not fitting and (1 in self.excess or not self._fits(1)):
            return 0
        low = max(fitting, default=1)
        over = min((number for number in self.excess if number > low), default=None)
        if over is None:
            low, over = self._bracket(low)
        return self._close(low, over)

    def _fits(self, number: int) -> bool:
        self.excess[number] = self.bytes_at(number) - self.space
        return self.excess[number] <= 0

    def _bracket(self, low: int) -> tuple[int, int]:
        """Go up until a number does not fit: along the line, later in steps that double."""
        for times in itertools.count(-1):
            if low == self.highest:
                break
            below = max((number for number in self.excess if number < low), default=None)
            on_line = 2 * low if below is None else self._crossing(below, low)
            number = min(max(on_line, low + 2 ** max(0, times)), self.highest)
            if not self._fits(number):
                return low, number
            low = number
        return low, low + 1

    def _close(self, low: int, over: int) -> int:
        """Narrow a bracket of one that fits and one that does not to two neighbours."""
        stays = None
        while over - low > 1:
            number = min(max(self._crossing(low, over), low + 1), over - 1)
            moved, kept = (low, over) if self._fits(number) else (over, low)
            if stays == kept:
                self.excess[kept] /= 2
            stays = kept
            low, over = (number, over) if moved == low else (low, number)
        return low

    def _crossing(self, first: int, second: int) -> int:
        """The last number that fits on the line through two; the second, if that does not rise."""
        rise = self.excess[second] - self.excess[first]
        return first + int((second - first) * -self.excess[first] / rise) if rise > 0 else second
