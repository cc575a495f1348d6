"""What a run recorded, as curves over its optimizer steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lora_viz.training.runs.events import EvaluationEvent, Event, Part, StepEvent

LARGEST_DRAWN = 1e300  # a browser adds margins, in numbers of 64 bits
MOST_POINTS = 1_000  # of one curve on a screen
MEMORY_READINGS = ("resident", "allocated", "reserved", "peak_allocated", "device_used")


@dataclass
class Curve:
    """Values over steps; a value is None where there was no reading."""

    steps: list[int] = field(default_factory=list)
    values: list[float | None] = field(default_factory=list)

    def add(self, step: int, value: float | None) -> None:
        """Append a point; a value that no browser can draw becomes None."""
        self.steps.append(step)
        self.values.append(value if value is not None and is_drawable(value) else None)

    def thinned(self) -> Curve:
        """At most `MOST_POINTS` points, spread evenly, the last one among them."""
        count = len(self.steps)
        if count <= MOST_POINTS:
            return self
        places = [round(index * (count - 1) / (MOST_POINTS - 1)) for index in range(MOST_POINTS)]
        return Curve([self.steps[i] for i in places], [self.values[i] for i in places])


@dataclass
class Curves:
    """A run's curves; losses are in nats per token, memory is in bytes.

    `last` is the newest step, None before the first.
    """

    loss: Curve = field(default_factory=Curve)
    gradient_norm: Curve = field(default_factory=Curve)
    learning_rate: Curve = field(default_factory=Curve)
    memory: dict[str, Curve] = field(default_factory=dict)
    evaluations: dict[Part, Curve] = field(default_factory=dict)
    perplexity: Curve = field(default_factory=Curve)
    last: StepEvent | None = None


def is_drawable(value: float) -> bool:
    """Whether a chart can show the value: it is finite, with room for the axis around it."""
    return abs(value) < LARGEST_DRAWN  # false of NaN


def read_curves(events: Sequence[Event]) -> Curves:
    """The curves of a run's events; `perplexity` is that of the held-out part."""
    curves = Curves()
    for event in events:
        if isinstance(event, StepEvent):
            _add_step(curves, event)
        elif isinstance(event, EvaluationEvent):
            curves.evaluations.setdefault(event.part, Curve()).add(event.step, event.loss)
            if event.part == "held_out":
                curves.perplexity.add(event.step, event.perplexity)
    return curves


def _add_step(curves: Curves, event: StepEvent) -> None:
    curves.last = event
    curves.loss.add(event.step, event.loss)
    curves.gradient_norm.add(event.step, event.gradient_norm)
    curves.learning_rate.add(event.step, event.learning_rate)
    for reading in MEMORY_READINGS:
        value = getattr(event.memory, reading)
        if value is not None:
            curves.memory.setdefault(reading, Curve()).add(event.step, value)
