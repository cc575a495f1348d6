"""What a computation allocated and freed, in order: plain data, without torch."""

from __future__ import annotations

from dataclasses import dataclass, field

# CUDA's caching allocator rounds every request up to a multiple of this many bytes
# (kMinBlockSize in c10/cuda/CUDACachingAllocator.cpp).
GRANULARITY = 512


def rounded(size: int) -> int:
    """Bytes that CUDA's allocator hands out for a request of `size` bytes."""
    return -(-size // GRANULARITY) * GRANULARITY


@dataclass
class Allocation:
    """One storage: its bytes as allocated, where it was made, and what it turned out to be.

    `owner` is the block that an optimizer's temporary belongs to; None is no block.
    """

    bytes: int
    segment: int
    kind: str = ""
    owner: int | None = None
    shape: tuple[int, ...] = ()


@dataclass
class Event:
    """An allocation that begins, or one that ends (`frees`)."""

    allocation: int
    frees: bool
    segment: int


@dataclass
class Segment:
    """A stretch of the step that one part of the model is responsible for.

    `part` is a block's number or None for what is outside of all blocks.
    """

    phase: str
    part: int | None
    flops: float = 0.0


@dataclass
class Trace:
    """All events in order. An allocation's number is its place in `allocations`."""

    allocations: list[Allocation] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
