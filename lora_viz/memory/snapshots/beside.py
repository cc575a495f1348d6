"""What a snapshot has at its highest moment beside what the simulated step has at its peak."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lora_viz.memory.report import MemoryReport
from lora_viz.memory.snapshots.reading import BEFORE, UNKNOWN, SnapshotFacts

# what lies on the card before the first step, and so before most histories begin
LOADED = ("weights", "quantization", "adapter", "modules_to_save")
WORTH_A_WORD = 0.01  # of the simulated peak; smaller differences explain no failure


@dataclass(frozen=True)
class Beside:
    """Some kinds of memory, in bytes: in the snapshot, and simulated."""

    kinds: Sequence[str]
    measured: int
    simulated: int

    @property
    def excess(self) -> int:
        """How much more the run has."""
        return self.measured - self.simulated


def lay_beside(facts: SnapshotFacts, report: MemoryReport) -> tuple[Beside, ...]:
    """A row for each kind, those that exceed the simulated step most first.

    Where a part was there before the history begins, nobody knows of which kind it is: then all
    that a run loads before its first step is one row.
    """
    kinds = [*facts.by_kind, *(kind for kind in report.breakdown if kind not in facts.by_kind)]
    groups: list[Sequence[str]] = [(kind,) for kind in kinds]
    if facts.by_kind.get(BEFORE):
        together = (*LOADED, BEFORE)
        groups = [together, *((kind,) for kind in kinds if kind not in together)]
    rows = [
        Beside(
            group,
            sum(facts.by_kind.get(kind, 0) for kind in group),
            sum(report.breakdown.get(kind, 0) for kind in group),
        )
        for group in groups
    ]
    return tuple(sorted(rows, key=lambda row: -row.excess))


def largest_excess(rows: tuple[Beside, ...], report: MemoryReport) -> Beside | None:
    """The row of which the run has most too much; None where none has much."""
    known = [row for row in rows if UNKNOWN not in row.kinds]
    first = max(known, key=lambda row: row.excess, default=None)
    if first is None or first.excess < WORTH_A_WORD * report.peak_allocated:
        return None
    return first
