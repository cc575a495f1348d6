"""What a worker is asked about the files of a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lora_viz.checkpoint.sizes import OptimizerLayout, SavedFile
from lora_viz.choices.scenario import Scenario
from lora_viz.models.source import resolve


def read_model_files(model: str, dtype: str) -> tuple[SavedFile, ...]:
    """The weight files that `save_pretrained` writes for the whole model. Loads torch.

    Raises:
        UserError: the model cannot be read.
    """
    config = resolve(model).values

    from lora_viz.checkpoint.by_torch import model_files
    from lora_viz.models.meta import build_meta_model

    return model_files(build_meta_model(config), dtype)


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

    `further` is `Scenario.further_adapter`. Loads torch. Raises `UserError` as
    `read_adapter_layout` does.
    """
    config = resolve(model).values

    from lora_viz.adapter.from_peft import adapt
    from lora_viz.checkpoint.by_torch import optimizer_layout
    from lora_viz.models.meta import build_meta_model

    trained = build_meta_model(config)
    if targets:
        chosen = {"target_modules": targets, "bias": bias, "dora": dora} | dict(further or {})
        trained = adapt(trained, Scenario.make({"model": model} | chosen).lora_choices)
    return optimizer_layout(trained, optimizer, adapter_dtype, base_dtype)
