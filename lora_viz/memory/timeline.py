"""A recorded step played through CUDA's allocator: peaks, their parts and the curve of memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from lora_viz.memory.allocator import Block, CachingAllocator
from lora_viz.memory.trace import GRANULARITY, Event, Trace

PHASES = ("forward", "backward", "optimizer")
# what is made in the first step and stays for the following ones
LASTING = ("optimizer", "workspaces")
PAGED = "paged"  # optimizer state in managed memory, which torch's allocator does not know
# sequence lengths of batches before one of full length, as shares of it
EARLIER_LENGTHS = (0.5, 0.75)
POINTS_OUTSIDE_BLOCKS = 12


@dataclass(frozen=True)
class CurvePoint:
    """What is allocated at one moment: bytes by kind, the phase, and the block if it is in one."""

    phase: str
    block: int | None
    bytes_by_kind: dict[str, int]

    @property
    def total(self) -> int:
        """All kinds together."""
        return sum(self.bytes_by_kind.values())


@dataclass(frozen=True)
class Timeline:
    """A step of a training that is under way.

    `peaks` are bytes allocated by phase, `at_peak` the parts of the largest; `reserved` are the
    bytes that the allocator has taken from the device by then, `paged` those of optimizer state
    outside of it. The peak is a point of `curve`.
    """

    peaks: dict[str, int]
    at_peak: CurvePoint
    curve: list[CurvePoint]
    reserved: int
    paged: int


def play(trace: Trace, *, varying_lengths: bool = False) -> Timeline:
    """Play the start, a first step, and the step that is looked at.

    Args:
        varying_lengths: put steps over shorter batches before, as padded batches have them.
    """
    player = Player(trace)
    player.set_up()
    for share in (*(EARLIER_LENGTHS if varying_lengths else ()), 1.0):
        player.step(share)
    return player.watched_step()


@dataclass
class Player:
    """Applies a trace to an allocator, event by event."""

    trace: Trace
    allocator: CachingAllocator = field(default_factory=CachingAllocator)
    blocks: dict[int, Block] = field(default_factory=dict)
    alive: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        phases = [segment.phase for segment in self.trace.segments]
        self.setup_events = [e for e in self.trace.events if phases[e.segment] == "setup"]
        self.step_events = [e for e in self.trace.events if phases[e.segment] != "setup"]

    def set_up(self) -> None:
        """What is there before the first step: weights, and what loading them leaves."""
        for event in self.setup_events:
            self.apply(event, 1.0)
        self.lasting = set(self.blocks)

    def step(self, share: float) -> None:
        """One step whose batch has this share of the tokens; nothing is looked at."""
        for event in self.step_events:
            self.apply(event, share)
        self.finish()

    def watched_step(self) -> Timeline:
        """The step that is reported."""
        segments = self.trace.segments
        peaks: dict[str, int] = dict.fromkeys(PHASES, 0)
        highest, highest_total, before_highest = CurvePoint("forward", None, {}), 0, 0
        curve: list[CurvePoint] = []
        for segment, events in _by_segment(self.step_events):
            phase, part = segments[segment].phase, segments[segment].part
            every = max(1, len(events) // POINTS_OUTSIDE_BLOCKS) if part is None else len(events)
            for index, event in enumerate(events):
                self.apply(event, 1.0)
                if self.allocator.allocated > highest_total:
                    highest_total = self.allocator.allocated
                    highest = CurvePoint(phase, part, dict(self.alive))
                    before_highest = len(curve)
                if phase in peaks:
                    peaks[phase] = max(peaks[phase], self.allocator.allocated)
                if index % every == every - 1:
                    curve.append(CurvePoint(phase, part, dict(self.alive)))
        self.finish()
        if curve[before_highest : before_highest + 1] != [highest]:
            curve.insert(before_highest, highest)
        paged = sum(made.bytes for made in self.trace.allocations if made.kind == PAGED)
        return Timeline(peaks, highest, curve, self.allocator.peak_reserved, paged)

    def apply(self, event: Event, share: float) -> None:
        """Allocate or free, what grows with the batch at this share of its tokens."""
        number = event.allocation
        made = self.trace.allocations[number]
        if event.frees:
            if made.kind not in LASTING:
                self.release(number)
        elif number not in self.blocks and made.kind != PAGED:
            size = made.bytes
            if share != 1.0 and made.kind in ("activations", "logits", "temporaries"):
                size = max(GRANULARITY, int(size * share))
            block = self.blocks[number] = self.allocator.allocate(size)
            self.alive[made.kind] += block.size

    def release(self, number: int) -> None:
        """Free an allocation, if it is there."""
        block = self.blocks.pop(number, None)
        if block is not None:
            self.alive[self.trace.allocations[number].kind] -= block.size
            self.allocator.release(block)

    def finish(self) -> None:
        """Free what a step leaves behind: gradients are set to None before the next one."""
        for number in list(self.blocks):
            if number not in self.lasting and self.trace.allocations[number].kind not in LASTING:
                self.release(number)


def _by_segment(events: list[Event]) -> list[tuple[int, list[Event]]]:
    groups: list[tuple[int, list[Event]]] = []
    for event in events:
        if not groups or groups[-1][0] != event.segment:
            groups.append((event.segment, []))
        groups[-1][1].append(event)
    return groups
