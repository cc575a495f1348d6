"""The trace of a shallow model extended to the depth of the whole one, event by event."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from itertools import groupby, pairwise

from lora_viz.memory.trace import Allocation, Event, Trace


class NotAlikeError(Exception):
    """Blocks that should be alike allocate differently, so that one cannot stand for another."""


@dataclass(frozen=True)
class Depth:
    """How one list of blocks of the shallow model stands for the whole list.

    `first` is the number of its first block among all blocks of the shallow model and `kept` how
    many it has; `stands_in[i]` is the place among those of the block that stands for block i.
    """

    first: int
    kept: int
    stands_in: tuple[int, ...]

    def __contains__(self, part: int | None) -> bool:
        return part is not None and self.first <= part < self.first + self.kept


# A block of the whole model: its list's place among the lists and its own place in that list.
Position = tuple[int, int]


def extend(trace: Trace, depths: list[Depth], reach: int = 1) -> Trace:
    """The trace that the whole model would leave.

    Args:
        reach: how far off a block may be that frees what another allocated; kept blocks have to
            share as many neighbours.

    Raises:
        NotAlikeError: what a block frees is not there in the block that it stands for.
    """
    return _Extension(trace, depths, reach).run()


class _Extension:
    def __init__(self, trace: Trace, depths: list[Depth], reach: int) -> None:
        self.trace, self.depths, self.reach = trace, depths, reach
        self.result = Trace()
        self.positions = {
            depth.first + place: [
                (number, block)
                for block, stand_in in enumerate(depth.stands_in)
                if stand_in == place
            ]
            for number, depth in enumerate(depths)
            for place in range(depth.kept)
        }
        self.units = _units(trace)
        # every allocation's unit (phase and pass), part and place among those of its unit
        self.origin: dict[int, tuple[int, int]] = {}
        self.by_origin: dict[tuple[int, int | None, int], int] = {}
        self.passes = _passes(trace)
        for _index, events in self.units:
            made = (event.allocation for event in events if not event.frees)
            for count, allocation in enumerate(made):
                self._place(allocation, count)
        self.live: dict[tuple[int, Position | None], int] = {}

    def _place(self, allocation: int, count: int) -> None:
        segment = self.trace.allocations[allocation].segment
        key = (self.passes[segment], self.trace.segments[segment].part, count)
        self.origin[allocation] = (self.passes[segment], count)
        self.by_origin[key] = allocation

    def run(self) -> Trace:
        for key, group in groupby(self.units, key=lambda unit: self._stretch_of(unit[0])):
            if key is None:
                for index, events in group:
                    self._emit_outside(index, events)
            else:
                self._emit_blocks(key[0], list(group))
        return self.result

    def _stretch_of(self, segment: int) -> tuple[int, int] | None:
        """Which list's blocks a segment is one of, and in which pass over the model."""
        part = self.trace.segments[segment].part
        for number, depth in enumerate(self.depths):
            if part in depth:
                return number, self.passes[segment]
        return None

    def _emit_outside(self, segment: int, events: list[Event]) -> None:
        """Events outside of blocks; what belongs to a block happens for all it stands for.

        An optimizer goes through the blocks in order, so runs of ascending blocks are one passage.
        """
        self._begin(segment)
        for passage in _passages(events, self._part_of):
            if None in passage:
                for event in passage[None]:
                    self._emit(event, event.allocation, None)
            for part, position in self._in_order(passage):
                for event in passage[part]:
                    self._emit_if_there(event, position)

    def _in_order(self, parts: dict[int | None, list[Event]]) -> list[tuple[int, Position]]:
        """The positions of the whole model that these blocks stand for, in its order."""
        found = [
            (part, position)
            for part in parts
            if part is not None
            for position in self.positions[part]
        ]
        return sorted(found, key=lambda entry: entry[1])

    def _emit_if_there(self, event: Event, position: Position) -> None:
        """What a block leaves to be freed outside is freed where its successor has not done it."""
        if not event.frees or (event.allocation, position) in self.live:
            self._emit(event, event.allocation, position)

    def _emit_blocks(self, number: int, units: list[tuple[int, list[Event]]]) -> None:
        depth = self.depths[number]
        by_part = {self.trace.segments[index].part: (index, events) for index, events in units}
        if len(by_part) != len(units):
            raise NotAlikeError("a block's events are not in one stretch")
        blocks = list(enumerate(depth.stands_in))
        if self.trace.segments[units[0][0]].phase == "backward":
            blocks.reverse()
        for block, stand_in in blocks:
            part = depth.first + stand_in
            if part in by_part:
                segment, events = by_part[part]
                self._begin(segment)
                for event in events:
                    self._emit_in_block(event, part, (number, block))

    def _emit_in_block(self, event: Event, part: int, position: Position) -> None:
        owner = self._part_of(event.allocation)
        if not event.frees or owner == part:
            self._emit(event, event.allocation, position)
        elif owner is None:
            self._emit(event, event.allocation, None)
        else:
            self._free_of_other(event, owner, part, position)

    def _free_of_other(self, event: Event, owner: int, part: int, position: Position) -> None:
        """What one block frees of another: of its neighbour, or of the only one of its kind."""
        number, block = position
        depth = self.depths[number]
        if owner in depth and 1 <= abs(owner - part) <= self.reach:
            target = block + owner - part
            stand_in = depth.first + depth.stands_in[target]
            self._emit(event, self._same_place(event.allocation, stand_in), (number, target))
        elif len(self.positions[owner]) == 1:
            self._emit(event, event.allocation, self.positions[owner][0])
        else:
            raise NotAlikeError("a block frees what a distant block allocated")

    def _same_place(self, allocation: int, part: int) -> int:
        """The allocation that another block made at the same point."""
        unit, count = self.origin[allocation]
        other = self.by_origin.get((unit, part, count))
        if other is None or (
            self.trace.allocations[other].bytes != self.trace.allocations[allocation].bytes
        ):
            raise NotAlikeError("two blocks that should be alike allocate differently")
        return other

    def _part_of(self, allocation: int) -> int | None:
        made = self.trace.allocations[allocation]
        part = self.trace.segments[made.segment].part
        return made.owner if part is None else part

    def _begin(self, segment: int) -> None:
        self.result.segments.append(copy(self.trace.segments[segment]))

    def _emit(self, event: Event, allocation: int, position: Position | None) -> None:
        segment = len(self.result.segments) - 1
        if event.frees:
            number = self.live.pop((allocation, position), None)
            if number is None:
                raise NotAlikeError("something is freed that is not there")
        else:
            made = self.trace.allocations[allocation]
            number = len(self.result.allocations)
            if (allocation, position) in self.live:
                raise NotAlikeError("something is allocated twice")
            self.live[allocation, position] = number
            self.result.allocations.append(
                Allocation(made.bytes, segment, made.kind, made.owner, made.shape)
            )
        self.result.events.append(Event(number, event.frees, segment))


def _units(trace: Trace) -> list[tuple[int, list[Event]]]:
    """Every segment's number with its events, empty ones too."""
    events: list[list[Event]] = [[] for _ in trace.segments]
    for event in trace.events:
        events[event.segment].append(event)
    return list(enumerate(events))


def _passages(
    events: list[Event], part_of: Callable[[int], int | None]
) -> Iterator[dict[int | None, list[Event]]]:
    """Events in runs of one block each, and those in passages through ascending blocks."""
    passage: dict[int | None, list[Event]] = {}
    last: int | None = None
    for part, run in groupby(events, key=lambda event: part_of(event.allocation)):
        if passage and (part is None or last is None or part <= last):
            yield passage
            passage = {}
        passage[part] = list(run)
        last = part
    if passage:
        yield passage


def _passes(trace: Trace) -> list[int]:
    """For every segment which pass over the model it is part of: one more at each return."""
    passes = [0]
    for before, segment in pairwise(trace.segments):
        returns = segment.part is None and before.part is not None
        passes.append(passes[-1] + (returns or before.phase != segment.phase))
    return passes
