"""One training step, simulated with a few blocks for all where they are alike.

Importing this module loads torch, transformers and peft.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from torch._subclasses.fake_tensor import DataDependentOutputException, DynamicOutputShapeException

from lora_viz.errors import LastingError, UserError
from lora_viz.i18n import N_, Message
from lora_viz.libraries import library_versions
from lora_viz.memory.extend import NotAlikeError, extend
from lora_viz.memory.lengths import BatchLengths, of_batches, other_batches
from lora_viz.memory.report import MemoryReport
from lora_viz.memory.settings import StepSettings
from lora_viz.memory.timeline import play
from lora_viz.memory.torch_step.offloading.activations import STASH
from lora_viz.memory.torch_step.record import Recorded, record_shallow
from lora_viz.memory.torch_step.recorder import EndlessBlockError
from lora_viz.memory.torch_step.several_cards.kinds import check_cards, on_several_cards
from lora_viz.memory.trace import Trace
from lora_viz.models.by_torch import context_length_of
from lora_viz.models.changed import build_changed

Answer = TypeVar("Answer")
# neighbours on each side that have to be alike; 0, the last resort, simulates every block
CONTEXTS = (1, 2, 0)
# a block saves at least one activation, and so many blocks later it has been moved
OFFLOADED_REACH = STASH + 1


def simulate(values: dict[str, Any], settings: StepSettings) -> MemoryReport:
    """Simulate a step of the model that a `config.json` describes.

    Raises:
        UserError: no model can be built of it, no layer is adapted, or the step itself fails.
    """

    def answer(recorded: Recorded, trace: Trace, settings: StepSettings) -> MemoryReport:
        batches = _batches(values, settings, trace) if settings.lengths else None
        return _report(recorded, trace, settings, batches)

    return _in_the_shortest_way(values, settings, answer)


def trace_of(values: dict[str, Any], settings: StepSettings) -> Trace:
    """What a step of the whole model allocates and frees. Raises as `simulate` does."""
    return _in_the_shortest_way(values, settings, lambda _recorded, trace, _settings: trace)


def _in_the_shortest_way(
    values: dict[str, Any],
    settings: StepSettings,
    answer: Callable[[Recorded, Trace, StepSettings], Answer],
) -> Answer:
    """An answer of the step, simulated with as few blocks as are alike."""
    check_cards(settings)
    for context in _contexts(settings):
        try:
            return answer(*step_of_blocks(values, settings, context), settings)
        except NotAlikeError:
            continue
        except UserError:
            raise
        except Exception as error:
            raise LastingError(_why_not(values, settings, error)) from error
    raise AssertionError("simulating every block needs no block to be alike")


def step_of_blocks(
    values: dict[str, Any], settings: StepSettings, context: int
) -> tuple[Recorded, Trace]:
    """A shallow model's record, and the trace of the whole model's step on one of its cards.

    Args:
        context: see `record_shallow`.

    Raises:
        NotAlikeError: the blocks that were kept do not stand for the others.
    """
    recorded = record_shallow(values, settings, context)
    reach = OFFLOADED_REACH if settings.offloading == "activations" else 1
    trace = extend(recorded.trace, recorded.depths, reach) if context else recorded.trace
    return recorded, on_several_cards(trace, recorded.model, settings)


def _contexts(settings: StepSettings) -> tuple[int, ...]:
    """How many neighbours blocks have to share: more where activations that are being moved
    outlive several blocks."""
    return (OFFLOADED_REACH, 0) if settings.offloading == "activations" else CONTEXTS


def _why_not(values: dict[str, Any], settings: StepSettings, error: Exception) -> Message:
    """One sentence on why a step failed. What a library says about it is for no reader's eyes."""
    model = build_changed(values, settings.model_changes)
    context = context_length_of(model)
    words = {"class": type(model).__name__, "tokens": f"{settings.seq_len:,}"}
    if context and settings.seq_len > context:
        return Message(
            N_(
                "%(class)s reads at most %(context)s tokens, so a step over %(tokens)s cannot be "
                "simulated; choose a shorter sequence."
            ),
            **words,
            context=f"{context:,}",
        )
    if isinstance(error, EndlessBlockError):
        return Message(
            N_(
                "%(class)s computes one token after the other, and a step over %(tokens)s takes "
                "too long to simulate; choose a shorter sequence."
            ),
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


def _report(
    recorded: Recorded, trace: Trace, settings: StepSettings, batches: BatchLengths | None
) -> MemoryReport:
    timeline = play(trace)
    reserved = timeline.reserved
    if batches:
        orders = (batches.reserved_longest_first, batches.reserved_shortest_first)
        reserved = max(reserved, *orders)
    elif settings.padding:
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
        paged=timeline.paged,
        trainable_parameters=recorded.trainable_parameters,
        flops=flops(trace),
        blocks_simulated=sum(depth.kept for depth in recorded.depths),
        blocks=sum(len(depth.stands_in) for depth in recorded.depths),
        software=library_versions(),
        batches=batches,
    )


def _batches(values: dict[str, Any], settings: StepSettings, longest: Trace) -> BatchLengths:
    """What batches of several lengths take: the longest one's trace, and those of some others."""
    shorter = [
        trace_of(values, replace(settings, seq_len=length))
        for length in other_batches(settings.lengths, settings.batch_size)
    ]
    return of_batches(settings.lengths, settings.batch_size, [*shorter, longest])


def flops(trace: Trace) -> float:
    """Floating-point operations of one step: forward, what is computed again, and backward."""
    return sum(segment.flops for segment in trace.segments)
