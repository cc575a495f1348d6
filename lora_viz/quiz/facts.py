"""What a page already knows when its questions are made; what is not known is None or empty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lora_viz.adapter.layout import AdapterLayout
from lora_viz.checkpoint.sizes import OptimizerLayout
from lora_viz.choices.scenario import Scenario
from lora_viz.i18n import Message
from lora_viz.memory.measured_runs import Accuracy
from lora_viz.memory.report import MemoryReport
from lora_viz.models.architecture import Architecture, Layer
from lora_viz.training.runs.results import CheckName, Loss, Result
from lora_viz.training.settings import TrainingSettings
from lora_viz.training.sweeps.findings import SweepRun


@dataclass(frozen=True)
class KnownRun:
    """A run that has ended: what pages call it, its settings and what it measured."""

    name: str | Message
    settings: TrainingSettings
    result: Result

    @property
    def trains_adapter(self) -> bool:
        """Whether A and B were trained, and not the model's own weights."""
        return self.settings.scenario.trains_adapter

    @property
    def file_bytes(self) -> int | None:
        """Bytes of the file that is shared: the adapter's, or the model's."""
        files = self.result.files
        return files.adapter if self.trains_adapter else files.model

    @property
    def after(self) -> Loss | None:
        """The held-out loss at its end, in nats per token."""
        return self.result.held_out.after if self.result.held_out else None

    @property
    def losses(self) -> tuple[float, float] | None:
        """The held-out loss before and after, in nats per token."""
        if self.result.held_out is None or self.after is None:
            return None
        return self.result.held_out.before.loss, self.after.loss

    def measured(self, check: CheckName) -> float | None:
        """What one of its checks measured."""
        found = (one.measured for one in self.result.checks if one.name == check)
        return next(found, None)


@dataclass(frozen=True)
class KnownFacts:
    """What a page already knows.

    Attributes:
        scenario: the reader's.
        counts_frozen: whether the page counts a layer's frozen weight too.
        layer: the linear layer that is looked at.
        model_bytes: the files of the whole model.
        optimizer: the state of the adapter's optimizer, as its file holds it.
        steps: simulated steps on the scenario's card, by method.
        card_steps: the scenario's step by class of compute capability, all classes or none.
        runs: the runs that are looked at.
        sweep: the finished runs of the sweep that is looked at.
        accuracies: measured peaks beside simulated ones.
        verdicts: those of the explainer's figures, one for each figure.
        told: a loss of the explainer, and the perplexity that it gives with it.
    """

    scenario: Scenario
    counts_frozen: bool = False
    architecture: Architecture | None = None
    layout: AdapterLayout | None = None
    layer: Layer | None = None
    model_bytes: int | None = None
    optimizer: OptimizerLayout | None = None
    steps: Mapping[str, MemoryReport] = field(default_factory=dict)
    card_steps: Mapping[float, MemoryReport] = field(default_factory=dict)
    runs: tuple[KnownRun, ...] = ()
    sweep: tuple[SweepRun, ...] = ()
    accuracies: tuple[Accuracy, ...] = ()
    verdicts: tuple[str, ...] = ()
    told: tuple[float, float] | None = None
