"""What one training step takes of a GPU, from a step that is run without data.

Importing this module loads neither torch nor transformers; calling it does.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from lora_viz.answers import LIBRARIES
from lora_viz.errors import UserError, in_a_sentence
from lora_viz.i18n import _
from lora_viz.memory.extend import NotAlikeError, extend
from lora_viz.memory.settings import StepSettings
from lora_viz.memory.timeline import CurvePoint, play
from lora_viz.model_source import resolve
from lora_viz.questions.waiting import heavy

if TYPE_CHECKING:
    from lora_viz.memory.events import Trace

# neighbours on each side that have to be alike; 0, the last resort, simulates every block
CONTEXTS = (1, 2, 0)
# An assumption: the CUDA context with its loaded kernels takes 300 to 600 MiB, by card and driver.
CUDA_CONTEXT_BYTES = 500 * 2**20


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
    def device_bytes(self) -> int:
        """What `nvidia-smi` would show: the most reserved and an assumed CUDA context."""
        return self.reserved_high + CUDA_CONTEXT_BYTES


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
            raise UserError(
                _("The training step of this model cannot be simulated: %s.") % in_a_sentence(error)
            ) from error
    raise AssertionError("simulating every block needs no block to be alike")


def _simulate(values: dict[str, Any], settings: StepSettings, context: int) -> MemoryReport:
    from lora_viz.memory.shallow import record_shallow

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
