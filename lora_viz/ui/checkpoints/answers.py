"""What the checkpoint page asks the workers: sizes of everything that a training run saves."""

from __future__ import annotations

from lora_viz.adapter.layout import read_adapter_layout
from lora_viz.checkpoint.parts import CheckpointSizes, checkpoint_sizes
from lora_viz.checkpoint.sizes import OptimizerLayout, read_model_files, read_optimizer_layout
from lora_viz.choices.scenario import Scenario
from lora_viz.i18n import _
from lora_viz.ui.kit.asking import answer

# The run that the explainer's 9.4 MB come from: its "c_proj" matches the MLP's as well.
DOCUMENT_RUN = Scenario(target_modules=("c_attn", "c_proj"))


def sizes_for(scenario: Scenario) -> CheckpointSizes:
    """The sizes of a scenario's checkpoints, by full fine-tuning and with its adapter."""
    files = answer(
        _("Laying out the files of %s …") % scenario.model,
        read_model_files,
        scenario.model,
        scenario.base_dtype,
    )
    adapter = answer(
        _("Asking PEFT which layers it adapts …"),
        read_adapter_layout,
        scenario.model,
        scenario.target_modules,
        scenario.bias,
        scenario.dora,
    )
    return checkpoint_sizes(
        tuple(file.bytes for file in files),
        _optimizer(scenario, None),
        adapter,
        _optimizer(scenario, scenario.target_modules),
        scenario.rank,
        scenario.adapter_dtype,
        scenario.base_dtype,
    )


def _optimizer(scenario: Scenario, targets: tuple[str, ...] | None) -> OptimizerLayout:
    """The optimizer's state with these targets; without any, all weights are trained.

    For 8-bit moments, whose file is bitsandbytes' own, it is AdamW's.
    """
    return answer(
        _("Letting the optimizer lay out its state …"),
        read_optimizer_layout,
        scenario.model,
        targets,
        scenario.bias if targets else "none",
        scenario.dora and targets is not None,
        "adamw" if scenario.optimizer == "adamw_8bit" else scenario.optimizer,
        scenario.adapter_dtype if targets else scenario.base_dtype,
        scenario.base_dtype,
    )
