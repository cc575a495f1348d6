"""A simulated step as a snapshot that PyTorch's viewer (pytorch.org/memory_viz) reads.

Its form is that of `torch.cuda.memory._snapshot`: the segments with their blocks at the end, and
every allocation and release in order. In place of a Python stack each has two frames: what it is,
and the phase and block that made it.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

from lora_viz.memory.allocator import Block, DeviceSegment
from lora_viz.memory.timeline import Player
from lora_viz.memory.trace import Event, Trace

FIRST_ADDRESS = 0x7F00_0000_0000  # where CUDA puts it, more or less; a viewer takes 0 for none
STEPS = 2  # the first makes what lasts, such as moments; the second is one under way


def snapshot_bytes(trace: Trace) -> bytes:
    """The pickle of a snapshot: setting up, and two steps."""
    return pickle.dumps(snapshot_of(trace), protocol=4)


def snapshot_of(trace: Trace) -> dict[str, Any]:
    """The snapshot as plain data."""
    writer = _Writer(trace)
    writer.set_up()
    for _step in range(STEPS):
        writer.step(1.0)
    return {
        "segments": writer.segments(),
        "device_traces": [writer.events],
        "allocator_settings": {},
        "external_annotations": [],
    }


class _Writer(Player):
    """Plays a trace and writes down what the allocator does."""

    def __init__(self, trace: Trace) -> None:
        super().__init__(trace)
        self.events: list[dict[str, Any]] = []
        self._now = 0

    def apply(self, event: Event, share: float) -> None:
        number = event.allocation
        was_there = number in self.blocks
        reserved = len(self.allocator.segments)
        super().apply(event, share)
        if was_there or number not in self.blocks:
            return
        for segment in self.allocator.segments[reserved:]:
            self._write("segment_alloc", segment.address, segment.size, [])
        block = self.blocks[number]
        self._write("alloc", block.address, block.size, self._frames(number))

    def release(self, number: int) -> None:
        block = self.blocks.get(number)
        if block is not None:
            for action in ("free_requested", "free_completed"):
                self._write(action, block.address, block.size, [])
        super().release(number)

    def segments(self) -> list[dict[str, Any]]:
        """What the allocator has taken from the device, each segment with its blocks."""
        numbers = {block.address: number for number, block in self.blocks.items()}
        first = {block.address: block for block in self.blocks.values()}
        first |= self.allocator.free_blocks()
        return [
            self._as_segment(segment, first[segment.address], numbers)
            for segment in self.allocator.segments
        ]

    def _as_segment(
        self, segment: DeviceSegment, first: Block, numbers: dict[int, int]
    ) -> dict[str, Any]:
        blocks = [self._as_block(block, numbers.get(block.address)) for block in _chain(first)]
        used = sum(one["size"] for one in blocks if one["state"] == "active_allocated")
        return {
            "device": 0,
            "address": FIRST_ADDRESS + segment.address,
            "total_size": segment.size,
            "allocated_size": used,
            "active_size": used,
            "requested_size": used,
            "stream": 0,
            "segment_type": "small" if first.small else "large",
            "segment_pool_id": (0, 0),
            "is_expandable": False,
            "frames": [],
            "blocks": blocks,
        }

    def _as_block(self, block: Block, number: int | None) -> dict[str, Any]:
        return {
            "address": FIRST_ADDRESS + block.address,
            "size": block.size,
            "requested_size": block.size,
            "state": "inactive" if number is None else "active_allocated",
            "frames": [] if number is None else self._frames(number),
        }

    def _write(self, action: str, address: int, size: int, frames: list[dict[str, Any]]) -> None:
        self._now += 1
        self.events.append(
            {
                "action": action,
                "addr": FIRST_ADDRESS + address,
                "size": size,
                "stream": 0,
                "time_us": self._now,
                "frames": frames,
            }
        )

    def _frames(self, number: int) -> list[dict[str, Any]]:
        made = self.trace.allocations[number]
        segment = self.trace.segments[made.segment]
        where = segment.phase if segment.part is None else f"{segment.phase}, block {segment.part}"
        names = (made.kind or "temporaries", where)
        return [{"filename": name, "line": 0, "name": ""} for name in names]


def _chain(first: Block) -> Iterator[Block]:
    """The blocks of a segment, one after the other."""
    block: Block | None = first
    while block is not None:
        yield block
        block = block.after
