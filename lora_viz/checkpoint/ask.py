"""What a worker is asked about the files of a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lora_viz.checkpoint.sizes import OptimizerLayout, SavedFile
from lora_viz.choices.scenario import Scenario
from lora_viz.models.source import resolve


def read_model_files(
    model: str, dtype: str, changes: Mapping[str, Any] | None = None
) -> tuple[SavedFile, ...]:
    """The weight files that `save_pretrained` writes for the whole model. Loads torch.

    `changes` is `Scenario.model_changes`.

    Raises:
        UserError: the model cannot be read.
    """
    config = resolve(model).values

    from lora_viz.checkpoint.by_torch import model_files
    from lora_viz.models.changed import build_changed

    return model_files(build_changed(config, changes or {}), dtype)


def read_optimizer_layout(
    model: str,
    targets: tuple[str, ...] | None,
    bias: str,
    dora: bool,
    optimizer: str,
    adapter_dtype: str,
    base_dtype: str,
    further: Mapping[str, Any] | None = None,
) -> OptimizerLayout:
    """Let torch's optimizer lay out its state; without targets all weights are trained.

    `further` is `Scenario.further_adapter`, or of a whole model `model_changes`. Loads torch.
    Raises `UserError` as `read_adapter_layout` does.
    """
    config = resolve(model).values

    from lora_viz.adapter.from_peft import adapt, layers_with_own_rank
    from lora_viz.checkpoint.by_torch import optimizer_layout
    from lora_viz.models.changed import build_changed

    scenario = Scenario.make({"model": model} | dict(further or {}))
    trained, own_ranks = build_changed(config, scenario.model_changes), {}
    if targets:
        scenario = scenario.changed(target_modules=targets, bias=bias, dora=dora)
        trained = adapt(trained, scenario.lora_choices)
        own_ranks = layers_with_own_rank(trained, scenario.lora_choices)
    return optimizer_layout(trained, optimizer, adapter_dtype, base_dtype, own_ranks)
