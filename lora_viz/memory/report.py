"""What a simulated training step answers: its peak, its parts, and what it needs of a card."""

from __future__ import annotations

from dataclasses import dataclass

from lora_viz.memory.lengths import BatchLengths
from lora_viz.memory.timeline import CurvePoint

# An assumption: the CUDA context with its loaded kernels takes 300 to 600 MiB, by card and driver.
CUDA_CONTEXT_BYTES = 500 * 2**20


@dataclass(frozen=True)
class Needs:
    """What a step needs of a card: the one number that is held against the card's memory.

    `allocated` is the peak, `reserved_beyond` what PyTorch's default allocator has taken from the
    card beside it, `context` the assumed CUDA context; all in bytes.
    """

    allocated: int
    reserved_beyond: int
    context: int

    @property
    def total(self) -> int:
        """All parts together: what `nvidia-smi` would show."""
        return self.allocated + self.reserved_beyond + self.context


@dataclass(frozen=True)
class MemoryReport:
    """What a training step that is under way takes, in bytes.

    `peak_allocated` is what `torch.cuda.max_memory_allocated` would say, `phases` the same for
    each phase, `breakdown` its parts by kind. Between `reserved_low` and `reserved_high` lies what
    PyTorch takes from the device: the least with expandable segments, the most with the default
    allocator and, where batches are padded, varying lengths. `curve` follows the step. `batches`
    are those of texts whose lengths were given. `paged` is optimizer state in managed memory: on
    the card while it has room, else on the host, and in none of the other numbers.
    """

    peak_allocated: int
    peak_phase: str
    phases: dict[str, int]
    breakdown: dict[str, int]
    reserved_low: int
    reserved_high: int
    curve: list[CurvePoint]
    paged: int
    trainable_parameters: int
    flops: float
    blocks_simulated: int
    blocks: int
    software: dict[str, str]
    batches: BatchLengths | None = None

    @property
    def needs(self) -> Needs:
        """What the step needs of a card, at most."""
        beyond = self.reserved_high - self.peak_allocated
        return Needs(self.peak_allocated, beyond, CUDA_CONTEXT_BYTES)
