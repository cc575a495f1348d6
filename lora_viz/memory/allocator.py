"""PyTorch's caching allocator for CUDA, replayed: what is allocated and what is reserved.

The rules are those of c10/cuda/CUDACachingAllocator.cpp with its default settings.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass

from lora_viz.memory.trace import GRANULARITY, rounded

MIB = 2**20
SMALL_REQUEST = MIB  # kSmallSize
SMALL_SEGMENT = 2 * MIB  # kSmallBuffer
MEDIUM_REQUEST = 10 * MIB  # kMinLargeAlloc
MEDIUM_SEGMENT = 20 * MIB  # kLargeBuffer
LARGE_ROUNDING = 2 * MIB  # kRoundLarge


@dataclass(eq=False, slots=True)
class Block:
    """A stretch of a segment. `before` and `after` are its neighbours there."""

    size: int
    address: int
    small: bool
    free: bool = False
    before: Block | None = None
    after: Block | None = None


@dataclass(frozen=True)
class DeviceSegment:
    """A stretch of the device's memory that the allocator has taken."""

    address: int
    size: int


class CachingAllocator:
    """Hands out blocks, keeps what is freed, and asks the device for segments.

    `allocated` are the bytes of the blocks in use, as `torch.cuda.memory_allocated` counts them: a
    block that is not worth splitting counts whole. `reserved` are the bytes of all `segments`.
    """

    def __init__(self) -> None:
        self.allocated = self.reserved = 0
        self.peak_allocated = self.peak_reserved = 0
        self._free: dict[bool, list[tuple[int, int]]] = {True: [], False: []}
        self._blocks: dict[int, Block] = {}
        self._next_address = 0
        self.segments: list[DeviceSegment] = []

    def allocate(self, request: int) -> Block:
        """A block of at least `request` bytes: the smallest free one that is large enough."""
        size = rounded(request)
        small = size <= SMALL_REQUEST
        block = self._take_free(size, small) or self._new_segment(size, small)
        self._split(block, size)
        block.free = False
        self.allocated += block.size
        self.peak_allocated = max(self.peak_allocated, self.allocated)
        return block

    def release(self, block: Block) -> None:
        """Give a block back: it is merged with free neighbours and kept."""
        self.allocated -= block.size
        for neighbour in (block.before, block.after):
            if neighbour is not None and neighbour.free:
                self._forget(neighbour)
                _merge(block, neighbour)
        self._keep(block)

    def free_blocks(self) -> dict[int, Block]:
        """The blocks that are free, by their addresses."""
        return dict(self._blocks)

    def _take_free(self, size: int, small: bool) -> Block | None:
        pool = self._free[small]
        index = bisect_left(pool, (size, -1))
        if index == len(pool):
            return None
        _, address = pool.pop(index)
        return self._blocks.pop(address)

    def _new_segment(self, size: int, small: bool) -> Block:
        if small:
            segment = SMALL_SEGMENT
        elif size < MEDIUM_REQUEST:
            segment = MEDIUM_SEGMENT
        else:
            segment = -(-size // LARGE_ROUNDING) * LARGE_ROUNDING
        self.reserved += segment
        self.peak_reserved = max(self.peak_reserved, self.reserved)
        block = Block(segment, self._next_address, small)
        self.segments.append(DeviceSegment(self._next_address, segment))
        self._next_address += segment
        return block

    def _split(self, block: Block, size: int) -> None:
        """Cut off what is left if it is worth keeping (`should_split`)."""
        left = block.size - size
        if left < GRANULARITY if block.small else left <= SMALL_REQUEST:
            return
        rest = Block(left, block.address + size, block.small, before=block, after=block.after)
        if block.after is not None:
            block.after.before = rest
        block.after = rest
        block.size = size
        self._keep(rest)

    def _keep(self, block: Block) -> None:
        block.free = True
        self._blocks[block.address] = block
        insort(self._free[block.small], (block.size, block.address))

    def _forget(self, block: Block) -> None:
        pool = self._free[block.small]
        pool.pop(bisect_left(pool, (block.size, block.address)))
        del self._blocks[block.address]


def _merge(block: Block, neighbour: Block) -> None:
    """Let `block` take in a free neighbour."""
    if neighbour is block.before:
        block.address = neighbour.address
        block.before = neighbour.before
        if block.before is not None:
            block.before.after = block
    else:
        block.after = neighbour.after
        if block.after is not None:
            block.after.before = block
    block.size += neighbour.size
