"""A model's own `config.json`, as transformers writes it.

All of its keys together are the model; it is kept on this machine, as one that is uploaded is.
"""

from __future__ import annotations

from typing import Any

from lora_viz.choices.methods import method_over
from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.i18n import N_
from lora_viz.imports.answer import Imported, NotUnderstood, Understood
from lora_viz.imports.reading import Values
from lora_viz.imports.rules import NO_SETTING, weights_format
from lora_viz.models.source import store_upload

KIND = "config.json"
SIZES = ("architectures", "hidden_size", "n_embd", "d_model", "num_hidden_layers")
OF_WEIGHTS = ("torch_dtype", "dtype")
OF_PACKING = "quantization_config"


def is_model_config(values: Values) -> bool:
    """Whether the keys are those of a model's configuration."""
    return isinstance(values.get("model_type"), str) and any(size in values for size in SIZES)


def read_model_config(text: str, values: Values) -> Imported:
    """The model of a configuration. Raises `UserError` where it is none."""
    changes: dict[str, Any] = {"model": store_upload(text)}
    understood, left_out = [], []
    for key, value in values.items():
        try:
            own = _own_changes(key, value)
        except UserError as error:
            left_out.append(NotUnderstood(key, value, error.message))
            continue
        changes |= own
        understood.append(Understood(key, value, ("model", *own)))
    return Imported(KIND, changes, tuple(understood), tuple(left_out))


def _own_changes(key: str, value: Any) -> dict[str, Any]:
    """What a key sets beside the model. Raises `UserError`."""
    if key in OF_WEIGHTS:
        return dict(weights_format(value).changes)
    if key == OF_PACKING and value:
        return _packing(value)
    return {}


def _packing(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not value.get("load_in_4bit"):
        raise UserError(NO_SETTING)
    if value.get("bnb_4bit_quant_type", "nf4") != "nf4":
        raise UserError(N_("Of packed weights LoRA Viz knows NF4 only."))
    return {
        "method": method_over(Scenario().method, "nf4"),
        "double_quant": bool(value.get("bnb_4bit_use_double_quant")),
    }
