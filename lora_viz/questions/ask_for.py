"""Everything that is asked of a worker: a function for each kind of question.

Each says on what the answer depends, and so when it is another question: by its arguments, and by
when the files that it reads were last changed. It also says whether the answer lasts on disk.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lora_viz.adapter.ask import read_adapter_layout
from lora_viz.adapter.layout import AdapterLayout
from lora_viz.checkpoint.ask import read_model_files, read_optimizer_layout
from lora_viz.checkpoint.sizes import OptimizerLayout, SavedFile
from lora_viz.choices.scenario import Scenario
from lora_viz.forward.ask import read_forward_pass
from lora_viz.forward.samples import ForwardPass
from lora_viz.machine.ask import read_torch
from lora_viz.machine.torch_here import TorchReading
from lora_viz.memory.ask import simulate_step
from lora_viz.memory.report import MemoryReport
from lora_viz.memory.settings import step_settings
from lora_viz.memory.snapshots.ask import read_simulated_snapshot, read_snapshot_file
from lora_viz.memory.snapshots.reading import SnapshotFacts
from lora_viz.models.architecture import Architecture
from lora_viz.models.ask import read_architecture
from lora_viz.models.catalogue import catalogue
from lora_viz.models.source import local_config, resolve, vocabulary_of
from lora_viz.questions.question import Question, Weight
from lora_viz.training.data.ask import read_data_counts
from lora_viz.training.data.data_counts import DataCounts
from lora_viz.training.data.own_data import path_on_disk
from lora_viz.training.runs.run_folder import Run
from lora_viz.training.settings import TrainingSettings
from lora_viz.training.update.ask import rebuild_example, rebuild_trained
from lora_viz.training.update.rebuild import ExampleSize, Rebuild

if TYPE_CHECKING:  # runs take a while to import, which the first page would wait for
    from lora_viz.training.runs.run_folder import Run

Answer = TypeVar("Answer")


def architecture_of(of: Scenario | str) -> Question[Architecture]:
    """The layers of a scenario's model, as the scenario changes it, or of a model as it is."""
    if isinstance(of, str):
        return _about_model(of, read_architecture, {})
    return _about_model(of.model, read_architecture, of.model_changes)


def adapter_of(scenario: Scenario) -> Question[AdapterLayout]:
    """What PEFT makes of the scenario's targets, whatever the method; it holds for every rank."""
    adapter = (scenario.target_modules, scenario.bias, scenario.dora, scenario.further_adapter)
    return _about_model(scenario.model, read_adapter_layout, *adapter)


def model_files_of(scenario: Scenario) -> Question[tuple[SavedFile, ...]]:
    """The files of the whole model in the base dtype."""
    return _about_model(
        scenario.model, read_model_files, scenario.base_dtype, scenario.model_changes
    )


def optimizer_of(scenario: Scenario) -> Question[OptimizerLayout]:
    """The optimizer's state by the scenario's method: of the whole model, or of its adapter."""
    base, further, dtypes = scenario.base_dtype, scenario.further_adapter, scenario.file_dtypes
    trained: tuple[Any, ...] = (scenario.target_modules, scenario.bias, scenario.dora)
    if not scenario.trains_adapter:
        trained, dtypes = (None, "none", False), (base, base)
        further = scenario.model_changes
    return _about_model(
        scenario.model, read_optimizer_layout, *trained, scenario.optimizer, *dtypes, further
    )


def step_of(scenario: Scenario, capability: float | None = None) -> Question[MemoryReport]:
    """A simulated training step, on the scenario's card or on one of a compute capability."""
    settings = step_settings(scenario)
    if capability is not None:
        settings = replace(settings, compute_capability=capability)
    return _about_model(scenario.model, simulate_step, settings.as_arguments(), weight="heavy")


def simulated_snapshot_of(scenario: Scenario) -> Question[str]:
    """The simulated step as a snapshot of memory, packed. The answer does not last."""
    question = _about_model(
        scenario.model,
        read_simulated_snapshot,
        step_settings(scenario).as_arguments(),
        weight="heavy",
    )
    return replace(question, lasts=False)


def snapshot_facts_of(file: Path, name: str, scenario: Scenario) -> Question[SnapshotFacts]:
    """What a snapshot says that somebody took of a run of this scenario.

    Raises:
        UserError: the scenario's model cannot be found.
    """
    vocabulary = scenario.vocab_size or vocabulary_of(resolve(scenario.model).values)
    return Question(
        read_snapshot_file, (str(file), name, vocabulary), content=_stamp_of(file), weight="heavy"
    )


def forward_pass_of(scenario: Scenario, layer: str, steps: int, seed: int) -> Question[ForwardPass]:
    """A batch through one layer of the model with its adapter, `steps` optimizer steps old."""
    adapter = (scenario.rank, scenario.alpha, scenario.rslora, scenario.dora)
    arguments = (layer, *adapter, scenario.batch_size, steps, seed)
    return _about_model(scenario.model, read_forward_pass, *arguments, weight="heavy")


def rebuild_of(
    size: ExampleSize, true_rank: int, noise: float, seed: int, sweeps: int
) -> Question[Rebuild]:
    """An example ΔW of this size, rebuilt at every rank. The answer does not last."""
    sides = (size.out_features, size.in_features)
    return Question(rebuild_example, (*sides, true_rank, noise, seed, sweeps), weight="heavy")


def update_of(run: Run, layer: str, seed: int, sweeps: int) -> Question[Rebuild]:
    """The ΔW that a run made of a layer; a run that is made anew under its name is another."""
    return Question(
        rebuild_trained,
        (str(run.path), layer, seed, sweeps),
        content=_stamp_of(run.result_file),
        weight="heavy",
    )


def data_counts_of(settings: TrainingSettings) -> Question[DataCounts]:
    """What a job with these settings will train on, until its file or the model's changes."""
    scenario = settings.scenario
    own = settings.data_file if settings.task == "own" else ""
    return Question(
        read_data_counts,
        (own, settings.task, scenario.model, scenario.seq_len),
        content=(*_stamp_of(path_on_disk(own) if own else None), *_config_stamp(scenario.model)),
        model=scenario.model,
    )


def torch_reading_of_worker() -> Question[TorchReading]:
    """Which GPUs torch can use here, at this moment."""
    return Question(read_torch)


def _about_model(
    model: str, function: Callable[..., Answer], *arguments: Any, weight: Weight = "light"
) -> Question[Answer]:
    """A question about a model and, for a local one, about what its `config.json` holds now.

    The answer lasts where the model's name alone fixes its configuration.
    """
    return Question(
        function,
        (model, *arguments),
        content=_config_stamp(model),
        model=model,
        lasts=model in catalogue() or model.startswith(("custom:", "upload:")),
        weight=weight,
    )


def _config_stamp(model: str) -> tuple[int, ...]:
    return _stamp_of(local_config(model))


def _stamp_of(file: Path | None) -> tuple[int, ...]:
    """When a file was last changed, and its size; nothing for none."""
    try:
        found = file.stat() if file else None
    except (OSError, ValueError):  # no name of a file can be like this
        found = None
    return (found.st_mtime_ns, found.st_size) if found else ()
