"""What one training step takes of a GPU, from a step that is run without data.

Importing this module loads neither torch nor transformers; calling it does.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from lora_viz.errors import UserError
from lora_viz.i18n import N_, Message
from lora_viz.memory.extend import NotAlikeError, extend
from lora_viz.memory.settings import StepSettings
from lora_viz.memory.timeline import CurvePoint, play
from lora_viz.models.source import resolve
from lora_viz.questions.kept import LIBRARIES
from lora_viz.questions.waiting import heavy

if TYPE_CHECKING:
    from lora_viz.memory.trace import Trace

# neighbours on each side that have to be alike; 0, the last resort, simulates every block
CONTEXTS = (1, 2, 0)
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
    allocator and, where batches are padded, varying lengths. `curve` follows the step.
    """

    peak_allocated: int
    peak_phase: str
    phases: dict[str, int]
    breakdown: dict[str, int]
    reserved_low: int
    reserved_high: int
    curve: list[CurvePoint]
    trainable_parameters: int
    flops: float
    blocks_simulated: int
    blocks: int
    software: dict[str, str]

    @property
    def needs(self) -> Needs:
        """What the step needs of a card, at most."""
        beyond = self.reserved_high - self.peak_allocated
        return Needs(self.peak_allocated, beyond, CUDA_CONTEXT_BYTES)


@heavy
def simulate_step(model: str, settings: dict[str, Any]) -> MemoryReport:
    """Run one training step of a model without weights or data and report its memory.

    Args:
        model: whatever `model_source.resolve` accepts.
        settings: the fields of `StepSettings`.

    Raises:
        UserError: the model cannot be read, no layer is adapted, or the step itself fails.
    """
    values = resolve(model).values
    chosen = StepSettings(**{**settings, "target_modules": tuple(settings["target_modules"])})
    for context in CONTEXTS:
        try:
            return _simulate(values, chosen, context)
        except NotAlikeError:
            continue
        except UserError:
            raise
        except Exception as error:
            raise UserError(_why_not(values, chosen, error)) from error
    raise AssertionError("simulating every block needs no block to be alike")


def _why_not(values: dict[str, Any], settings: StepSettings, error: Exception) -> Message:
    """One sentence on why a step failed. What a library says about it is for no reader's eyes."""
    from torch._subclasses.fake_tensor import (
        DataDependentOutputException,
        DynamicOutputShapeException,
    )

    from lora_viz.models.architecture import context_length_of
    from lora_viz.models.meta import build_meta_model

    model = build_meta_model(values)
    context = context_length_of(model)
    words = {"class": type(model).__name__, "tokens": f"{settings.seq_len:,}"}
    if context and settings.seq_len > context:
        return Message(
            N_(
                "%(class)s reads at most %(context)s tokens, so a step over %(tokens)s cannot be "
                "simulated; choose a shorter sequence."
            ),
            context=f"{context:,}",
            **words,
        )
    if isinstance(error, (DataDependentOutputException, DynamicOutputShapeException)):
        return Message(
            N_(
                "The training step of %(class)s depends on which tokens it reads, and a simulated "
                "step has no data; name another class of this model under “architectures”."
            ),
            **words,
        )
    return Message(
        N_(
            "The training step of %(class)s cannot be simulated with these settings; name another "
            "class of this model under “architectures”, or choose another attention or method."
        ),
        **words,
    )


def _simulate(values: dict[str, Any], settings: StepSettings, context: int) -> MemoryReport:
    from lora_viz.memory.torch_step.record import record_shallow

    recorded = record_shallow(values, settings, context)
    trace = extend(recorded.trace, recorded.depths) if context else recorded.trace
    timeline = play(trace)
    reserved = timeline.reserved
    if settings.padding:
        reserved = max(reserved, play(trace, varying_lengths=True).reserved)
    peak = timeline.at_peak.total
    return MemoryReport(
        peak_allocated=peak,
        peak_phase=timeline.at_peak.phase,
        phases=timeline.peaks,
        breakdown={kind: size for kind, size in timeline.at_peak.bytes_by_kind.items() if size},
        reserved_low=peak,
        reserved_high=reserved,
        curve=timeline.curve,
        trainable_parameters=recorded.trainable_parameters,
        flops=flops(trace),
        blocks_simulated=sum(depth.kept for depth in recorded.depths),
        blocks=sum(len(depth.stands_in) for depth in recorded.depths),
        software=software(),
    )


def flops(trace: Trace) -> float:
    """Floating-point operations of one step: forward, what is computed again, and backward."""
    return sum(segment.flops for segment in trace.segments)


def software() -> dict[str, str]:
    """The versions of the libraries that the simulated step ran with."""
    return {library: version(library) for library in LIBRARIES}
