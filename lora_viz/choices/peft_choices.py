"""What `peft.LoraConfig` is told by the settings of a scenario."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lora_viz.choices.peft_values import token_indices
from lora_viz.choices.targets import as_peft_targets

# the fields, beside targets, bias and DoRA, that decide which tensors an adapter has
ADAPTER_FIELDS = ("modules_to_save", "ensure_weight_tying", "trainable_token_indices")
# the fields that change the model itself, before it is adapted
MODEL_FIELDS = ("vocab_size",)
# what means something for one model only, or for models with the same names of layers
OF_ONE_VOCABULARY = ("vocab_size", "trainable_token_indices")
OF_NAMES = ("modules_to_save",)


def lora_choices(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `LoraConfig` but rank and task, from a scenario's fields by their names.

    What not every version of PEFT knows is left out where it is as usual.
    """
    further = {
        "modules_to_save": list(chosen["modules_to_save"]),
        "ensure_weight_tying": chosen["ensure_weight_tying"],
        "trainable_token_indices": token_indices(chosen["trainable_token_indices"]),
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
