"""The numbers in the texts of tours: each by its name, computed for the settings of a stop.

A name with `tried_` before it is the same number after what the stop lets a reader try. What is
quoted from the explainer begins with `explainer_`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import TYPE_CHECKING

from lora_viz.adapter.layout import (
    AdapterLayout,
    break_even_rank,
    lora_parameters,
    scaling,
)
from lora_viz.checkpoint.sizes import adapter_bytes
from lora_viz.choices.scenario import Scenario
from lora_viz.costs.many_tasks import TaskStorage
from lora_viz.costs.one_layer import LayerState, full_state, lora_state, saving
from lora_viz.costs.ranks import rank_costs
from lora_viz.explainer import quotes
from lora_viz.explainer.epochs import told_epoch
from lora_viz.format import grouped, percent, size
from lora_viz.memory.measured_runs import Accuracy, accuracies
from lora_viz.models.architecture import Architecture, Layer
from lora_viz.questions import ask_for
from lora_viz.questions.question import Ask
from lora_viz.tours.tour import OF_TRYING

if TYPE_CHECKING:  # runs take a while to import, which the first page would wait for
    from lora_viz.training.sweeps.findings import Spread


@dataclass(frozen=True)
class Source:
    """What numbers are computed from: a scenario, and whoever answers questions about it."""

    scenario: Scenario
    ask: Ask

    @cached_property
    def architecture(self) -> Architecture:
        """The layers of the model."""
        return self.ask(ask_for.architecture_of(self.scenario))

    @cached_property
    def layout(self) -> AdapterLayout:
        """The scenario's adapter."""
        return self.ask(ask_for.adapter_of(self.scenario))

    @cached_property
    def layer(self) -> Layer:
        """The last adapted layer of the first adapted block, which pages show first."""
        first = self.architecture.layer(self.layout.modules[0].name).block
        names = (module.name for module in self.layout.modules)
        layers = [self.architecture.layer(name) for name in names]
        return [layer for layer in layers if layer.block == first][-1]

    @cached_property
    def trained(self) -> int:
        """Parameters that training the adapter changes."""
        return self.layout.trainable_parameters(self.scenario.rank)

    @cached_property
    def full_layer(self) -> LayerState:
        """The layer trained in full."""
        now, layer = self.scenario, self.layer
        return full_state(layer.in_features, layer.out_features, now.base_dtype, now.optimizer)

    @cached_property
    def lora_layer(self) -> LayerState:
        """The layer with LoRA."""
        return lora_state(
            self.layer.in_features,
            self.layer.out_features,
            self.scenario.rank,
            base_dtype=self.scenario.base_dtype,
            adapter_dtype=self.scenario.adapter_dtype,
            optimizer=self.scenario.optimizer,
        )

    @cached_property
    def adapter_file(self) -> int:
        """Bytes of the adapter's file."""
        now = self.scenario
        return adapter_bytes(self.layout, now.rank, *now.file_dtypes)

    @cached_property
    def model_file(self) -> int:
        """Bytes of the whole model's files."""
        return sum(file.bytes for file in self.ask(ask_for.model_files_of(self.scenario)))

    @property
    def tasks(self) -> TaskStorage:
        """What the scenario's tasks take on a disk."""
        return TaskStorage(self.model_file, self.adapter_file, self.scenario.tasks)

    def needs(self, method: str) -> int:
        """Bytes that a step of a method needs of a card."""
        return self.ask(ask_for.step_of(self.scenario.changed(method=method))).needs.total


class NotKnownYet(LookupError):  # noqa: N818 (nothing has gone wrong)
    """A number that nobody has asked for yet."""


def _thin(of: Source) -> int:
    return lora_parameters(of.layer.in_features, of.layer.out_features, of.scenario.rank)


def _losses() -> list[Spread]:
    """Held-out losses of the shipped sweep, by rank."""
    from lora_viz.training.sweeps.findings import read_sweep, recorded_sweep, spreads

    sweep = recorded_sweep("style")
    assert sweep, "a sweep ships"
    found = spreads(read_sweep(sweep), lambda run: run.held_out)
    return [entry for entry in found if entry.rank is not None]


def _lowest() -> Spread:
    return min(_losses(), key=lambda entry: entry.median)


def _worst_step() -> float:
    return max(abs(row.error) for row in _allocated())


def _allocated() -> list[Accuracy]:
    return [row for row in accuracies() if row.metric == "torch_peak_allocated"]


Number = Callable[[Source], str]
NUMBERS: dict[str, Number] = {
    # the scenario
    "rank": lambda of: grouped(of.scenario.rank),
    "alpha": lambda of: grouped(of.scenario.alpha),
    "scaling": lambda of: f"{scaling(of.scenario.rank, of.scenario.alpha, of.scenario.rslora):g}",
    "batch": lambda of: grouped(of.scenario.batch_size),
    "length": lambda of: grouped(of.scenario.seq_len),
    "card": lambda of: of.scenario.card.name,
    "card_memory": lambda of: size(of.scenario.card.memory_bytes),
    # one layer
    "inputs": lambda of: grouped(of.layer.in_features),
    "outputs": lambda of: grouped(of.layer.out_features),
    "update": lambda of: grouped(of.layer.in_features * of.layer.out_features),
    "thin": lambda of: grouped(_thin(of)),
    "thin_share": lambda of: percent(_thin(of) / (of.layer.in_features * of.layer.out_features)),
    "break_even": lambda of: grouped(
        round(break_even_rank(of.layer.in_features, of.layer.out_features))
    ),
    "layer_full": lambda of: size(of.full_layer.total(False)),
    "layer_lora": lambda of: size(of.lora_layer.total(False)),
    "layer_saved": lambda of: percent(saving(of.full_layer, of.lora_layer, False)),
    "layer_saved_with_frozen": lambda of: percent(saving(of.full_layer, of.lora_layer, True)),
    # the whole model
    "blocks": lambda of: grouped(len(of.architecture.blocks)),
    "adapted": lambda of: grouped(len(of.layout.modules)),
    "total": lambda of: grouped(of.layout.total_parameters),
    "trained": lambda of: grouped(of.trained),
    "trained_share": lambda of: percent(of.trained / of.layout.total_parameters, 3),
    "per_block": lambda of: grouped(
        rank_costs(of.architecture, of.layout).in_block.at(of.scenario.rank)
    ),
    # files
    "model_file": lambda of: size(of.model_file),
    "adapter_file": lambda of: size(of.adapter_file),
    "file_share": lambda of: percent(of.adapter_file / of.model_file),
    "tasks": lambda of: grouped(of.scenario.tasks),
    "tasks_shared": lambda of: size(of.tasks.shared),
    "tasks_full": lambda of: size(of.tasks.full_models),
    # a training step
    "full_needs": lambda of: size(of.needs("full")),
    "lora_needs": lambda of: size(of.needs("lora")),
    "qlora_needs": lambda of: size(of.needs("qlora")),
    "lora_needs_less": lambda of: percent(1 - of.needs("lora") / of.needs("full"), 0),
    # what was measured
    "lowest_loss_rank": lambda _of: grouped(_lowest().rank or 0),
    "lowest_loss": lambda _of: f"{_lowest().median:.2f}",
    "first_loss_rank": lambda _of: grouped(_losses()[0].rank or 0),
    "first_loss": lambda _of: f"{_losses()[0].median:.2f}",
    "usual_error": lambda _of: f"{100 * median(abs(row.error) for row in _allocated()):.2g} %",
    "largest_error": lambda _of: f"{100 * _worst_step():.2g} %",
    # the explainer's own
    "explainer_adapter": lambda _of: grouped(quotes.ALL_LAYERS.value),
    "explainer_file": lambda _of: f"{quotes.ADAPTER_FILE.value:g} MB",
    "explainer_full": lambda _of: f"{quotes.FULL_PEAK.value:g} GB",
    "explainer_lora": lambda _of: f"{quotes.LORA_PEAK.value:g} GB",
    "explainer_low_rank": lambda _of: grouped(quotes.GENERAL.lowest),
    "explainer_high_rank": lambda _of: grouped(quotes.GENERAL.highest),
    "explainer_loss": lambda _of: f"{told_epoch(1).loss:g}",
    "explainer_perplexity": lambda _of: f"{told_epoch(1).stated_perplexity:g}",
    "computed_perplexity": lambda _of: f"{told_epoch(1).computed_perplexity:.2f}",
}
NOT_YET = "…"


def is_number(name: str) -> bool:
    """Whether a text may name this number."""
    return name.removeprefix(OF_TRYING) in NUMBERS


def numbers_of(
    names: Iterable[str], scenario: Scenario, tried: Scenario, ask: Ask
) -> dict[str, str]:
    """The numbers of these names; three dots for one that `ask` does not answer.

    Args:
        scenario: the stop's.
        tried: the same after what is to be tried.
        ask: raises `NotKnownYet` or `UserError` where it has no answer.
    """
    sources = {False: Source(scenario, ask), True: Source(tried, ask)}
    return {name: _number(name, sources[name.startswith(OF_TRYING)]) for name in names}


def _number(name: str, source: Source) -> str:
    try:
        return NUMBERS[name.removeprefix(OF_TRYING)](source)
    except (ValueError, LookupError, ZeroDivisionError):  # a model that cannot be read, for one
        return NOT_YET
