"""What `peft.LoraConfig` is told by the settings of a scenario."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lora_viz.choices.peft_values import pattern_of, token_indices
from lora_viz.choices.targets import as_peft_targets

# the fields, beside targets, bias and DoRA, that decide which tensors an adapter has
ADAPTER_FIELDS = (
    "modules_to_save",
    "ensure_weight_tying",
    "trainable_token_indices",
    "layers_to_transform",
    "layers_pattern",
    "exclude_modules",
    "rank_pattern",
    "alpha_pattern",
    "lora_bias",
    "target_parameters",
)
# the fields that change the model itself, before it is adapted
MODEL_FIELDS = ("task_type", "num_labels", "vocab_size")
# what means something for one model only, or for models with the same names of layers
OF_ONE_VOCABULARY = ("vocab_size", "trainable_token_indices")
OF_NAMES = (
    "modules_to_save",
    "layers_to_transform",
    "layers_pattern",
    "exclude_modules",
    "rank_pattern",
    "alpha_pattern",
    "target_parameters",
)


def lora_choices(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `LoraConfig` but rank and task, from a scenario's fields by their names.

    What not every version of PEFT knows is left out where it is as usual.
    """
    excluded = chosen["exclude_modules"]
    further = {
        "modules_to_save": list(chosen["modules_to_save"]),
        "ensure_weight_tying": chosen["ensure_weight_tying"],
        "trainable_token_indices": token_indices(chosen["trainable_token_indices"]),
        "layers_to_transform": list(chosen["layers_to_transform"]),
        "layers_pattern": list(chosen["layers_pattern"]),
        "exclude_modules": excluded and as_peft_targets(excluded),
        "rank_pattern": pattern_of(chosen["rank_pattern"]),
        "alpha_pattern": pattern_of(chosen["alpha_pattern"]),
        "lora_bias": chosen["lora_bias"],
        "target_parameters": list(chosen["target_parameters"]),
    }
    return {
        "lora_alpha": chosen["alpha"],
        "lora_dropout": chosen["dropout"],
        "target_modules": as_peft_targets(chosen["target_modules"]),
        "bias": chosen["bias"],
        "use_rslora": chosen["rslora"],
        "use_dora": chosen["dora"],
        **{name: value for name, value in further.items() if value},
    }
