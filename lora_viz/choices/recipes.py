"""Recipes: settings that people use together, set at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lora_viz.choices.targets import ALL_LINEAR
from lora_viz.i18n import N_


@dataclass(frozen=True)
class Recipe:
    """Settings that go together.

    Attributes:
        name: in links and on the command line.
        label: what people call it; to be translated.
        settings: a value for each field that it sets; all others stay as they are.
        source: where they come from.
    """

    name: str
    label: str
    settings: Mapping[str, Any] = field(hash=False)
    source: str


RECIPES: dict[str, Recipe] = {
    one.name: one
    for one in (
        Recipe(
            name="trainer-bf16",
            label=N_("Trainer, bf16"),
            settings={
                "training_loop": "trainer",
                "base_dtype": "bfloat16",
                "adapter_dtype": "float32",
                "mixed_precision": "bf16",
                "optimizer": "adamw_fused",
                "gradient_clipping": True,
            },
            # its default optimizer with torch 2.8 and later is adamw_torch_fused
            source="https://huggingface.co/docs/transformers/main_classes/trainer",
        ),
        Recipe(
            name="qlora-paper",
            label=N_("QLoRA as in the paper"),
            settings={
                "method": "qlora",
                "target_modules": (ALL_LINEAR,),
                "rank": 64,
                "alpha": 16,
                "dropout": 0.1,
                "base_dtype": "bfloat16",
                "adapter_dtype": "float32",
                "double_quant": True,
                "kbit_preparation": "all",
                "training_loop": "trainer",
                "mixed_precision": "bf16",
                "gradient_checkpointing": True,
                "optimizer": "paged_adamw_32bit",
                "gradient_clipping": True,
            },
            # Dettmers et al. 2023, section 4 and appendix B.2: NF4 with double quantization,
            # adapters on all linear layers, r = 64, alpha = 16, dropout 0.1 (0.05 beyond 13B)
            source="https://arxiv.org/abs/2305.14314",
        ),
        Recipe(
            name="full-precision",
            label=N_("Full precision"),
            settings={
                "method": "lora",
                "base_dtype": "float32",
                "adapter_dtype": "float32",
                "mixed_precision": "none",
            },
            source="https://huggingface.co/docs/transformers/perf_train_gpu_one",
        ),
    )
}


def recipe_of(values: Mapping[str, Any]) -> str | None:
    """The recipe all of whose settings these are; None if they are of none."""
    return next(
        (
            one.name
            for one in RECIPES.values()
            if all(values.get(field) == value for field, value in one.settings.items())
        ),
        None,
    )
