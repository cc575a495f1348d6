"""Steps over batches of different lengths, one after the other, through CUDA's allocator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lora_viz.memory.allocator import Block, CachingAllocator
from lora_viz.memory.timeline import LASTING
from lora_viz.memory.trace import Event, Trace

# what an event is about: ("setup" or "lasting", its place), which is the same storage in every
# trace, or ("step", its number)
Name = tuple[str, int]


def reserved_in_order(traces: Sequence[Trace]) -> int:
    """The bytes that the allocator has taken from the device when each has been played once.

    All are steps of one training: they have the same weights, which are loaded once, and the same
    optimizer state, which the first step makes.
    """
    allocator = CachingAllocator()
    blocks: dict[Name, Block] = {}
    for place, trace in enumerate(traces):
        names = _names(trace)
        for event in _events(trace, with_setup=place == 0):
            _apply(allocator, blocks, names[event.allocation], trace, event)
        for name in [name for name in blocks if name[0] == "step"]:
            allocator.release(blocks.pop(name))
    return allocator.peak_reserved


def _events(trace: Trace, *, with_setup: bool) -> Iterator[Event]:
    for event in trace.events:
        if with_setup or trace.segments[event.segment].phase != "setup":
            yield event


def _names(trace: Trace) -> list[Name]:
    counts = {"setup": 0, "lasting": 0, "step": 0}
    names: list[Name] = []
    for made in trace.allocations:
        in_setup = trace.segments[made.segment].phase == "setup"
        which = "setup" if in_setup else "lasting" if made.kind in LASTING else "step"
        names.append((which, counts[which]))
        counts[which] += 1
    return names


def _apply(
    allocator: CachingAllocator,
    blocks: dict[Name, Block],
    name: Name,
    trace: Trace,
    event: Event,
) -> None:
    if not event.frees:
        if name not in blocks:
            blocks[name] = allocator.allocate(trace.allocations[event.allocation].bytes)
    elif name[0] != "lasting" and name in blocks:
        allocator.release(blocks.pop(name))
