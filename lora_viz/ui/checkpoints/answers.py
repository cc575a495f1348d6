"""What the checkpoint page asks the workers: sizes of everything that a training run saves."""

from __future__ import annotations

from lora_viz.checkpoint.parts import CheckpointSizes, checkpoint_sizes
from lora_viz.checkpoint.sizes import OptimizerLayout
from lora_viz.choices.optimizers import whose_file_is_torchs
from lora_viz.choices.scenario import Scenario
from lora_viz.i18n import _
from lora_viz.questions.ask_for import adapter_of, model_files_of, optimizer_of
from lora_viz.ui.kit.asking import answer


def sizes_for(scenario: Scenario) -> CheckpointSizes:
    """The sizes of a scenario's checkpoints, by full fine-tuning and with its adapter."""
    files = answer(_("Laying out the files of %s …") % scenario.model, model_files_of(scenario))
    adapter = answer(_("Asking PEFT which layers it adapts …"), adapter_of(scenario))
    return checkpoint_sizes(
        tuple(file.bytes for file in files),
        _optimizer(scenario.changed(method="full")),
        adapter,
        _optimizer(scenario.changed(method="lora")),
        scenario.rank,
        scenario.adapter_dtype,
        scenario.base_dtype,
    )


def _optimizer(scenario: Scenario) -> OptimizerLayout:
    """The optimizer's state of what the scenario trains.

    For 8-bit moments, whose file is bitsandbytes' own, it is AdamW's.
    """
    scenario = scenario.changed(optimizer=whose_file_is_torchs(scenario.optimizer).name)
    return answer(_("Letting the optimizer lay out its state …"), optimizer_of(scenario))
