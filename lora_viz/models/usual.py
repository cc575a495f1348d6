"""What people usually train a model with: its layers, its number format, Trainer's loop.

The default scenario's model is the explainer's, with the explainer's settings.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from lora_viz.dtypes import BYTES_PER_VALUE
from lora_viz.errors import UserError
from lora_viz.models.catalogue import catalogue
from lora_viz.models.hub_names import catalogue_key, usual_targets
from lora_viz.models.known_names import known_model
from lora_viz.models.source import MODEL_IN_LINKS, resolve

EXPLAINERS = "gpt2"
WITHOUT_CONFIGURATION = "bfloat16"  # of a model on the hub, as most are published


def usual_settings(name: str) -> dict[str, Any]:
    """The usual target modules, number format and loop of a model, by the scenario's field.

    A model of the catalogue has the format that its configuration names, as `from_pretrained` loads
    it, and float32 where it names none. So has an uploaded one. A configuration on the hub is not
    read for this, since links are read where it is out of reach, and none of this machine's folders
    is, since no link may have one read: they begin in float32.
    """
    is_explainers = known_model(name) == EXPLAINERS
    return {
        "target_modules": usual_targets(name),
        "base_dtype": "float32" if is_explainers else _usual_dtype(name),
        "training_loop": "plain" if is_explainers else "trainer",
    }


def _usual_dtype(name: str) -> str:
    key = catalogue_key(name)
    if key is not None:
        entry = catalogue()[key]
        # weights that ship are in half precision to be small, and are trained in float32 here
        return "float32" if entry.weights_folder else dtype_of(entry.config)
    if name.startswith("custom:"):
        return "float32"  # it has no weights, which begin in torch's own format
    if name.startswith("upload:"):
        return _dtype_of_upload(name)
    return WITHOUT_CONFIGURATION if MODEL_IN_LINKS.fullmatch(name) else "float32"


def dtype_of(config: dict[str, Any]) -> str:
    """The number format that a configuration names, which is torch's own where it names none.

    Older configurations call it `torch_dtype`, newer ones `dtype`; those of several models have it
    in that of the text's.
    """
    for part in (config, config.get("text_config")):
        if isinstance(part, dict):
            named = str(part.get("dtype") or part.get("torch_dtype")).removeprefix("torch.")
            if named in BYTES_PER_VALUE:
                return named
    return "float32"


@lru_cache(maxsize=256)  # its name is that of its content
def _dtype_of_upload(name: str) -> str:
    try:
        return dtype_of(resolve(name).values)
    except UserError:
        return WITHOUT_CONFIGURATION
