"""A trace written down anew, with other allocations in it."""

from __future__ import annotations

from copy import copy

from lora_viz.memory.trace import Allocation, Event, Segment, Trace, rounded


class Rewriting:
    """A trace that takes over what another one has, and what is added to it.

    Numbers of allocations that are taken over are those of the other trace.
    """

    def __init__(self, source: Trace) -> None:
        self.source, self.result = source, Trace()
        self._numbers: dict[int, int] = {}

    def begin(self, segment: Segment) -> None:
        """From here on everything belongs to a segment like this one."""
        self.result.segments.append(copy(segment))

    def take(self, event: Event) -> None:
        """What the other trace does here: it allocates or frees something."""
        if not event.frees:
            made = self.source.allocations[event.allocation]
            self._numbers[event.allocation] = self._add(made)
        elif event.allocation in self._numbers:
            self.free(self._numbers.pop(event.allocation))

    def allocate(self, size: int, kind: str) -> int:
        """Add an allocation of so many bytes; returns its number here."""
        return self._add(Allocation(rounded(size), 0, kind))

    def free(self, number: int) -> None:
        """End an allocation of this trace."""
        self.result.events.append(Event(number, True, len(self.result.segments) - 1))

    def free_taken(self, number: int) -> None:
        """End an allocation of the other trace earlier than it does."""
        if number in self._numbers:
            self.free(self._numbers.pop(number))

    def _add(self, made: Allocation) -> int:
        segment, number = len(self.result.segments) - 1, len(self.result.allocations)
        self.result.allocations.append(
            Allocation(made.bytes, segment, made.kind, made.owner, made.shape)
        )
        self.result.events.append(Event(number, False, segment))
        return number
