"""A model built from its configuration on the meta device: every layer's shape, no weights.

Importing this module loads torch and transformers; only worker processes and the command line do.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import transformers
from torch.nn.modules.module import register_module_module_registration_hook
from transformers.models.auto import modeling_auto

from lora_viz.errors import UserError, in_a_sentence
from lora_viz.i18n import _

MAXIMUM_MODULES = 20_000
MAXIMUM_PARAMETERS = 10**14
MAXIMUM_COUNT = {"layer": 400, "expert": 100_000, "label": 100_000}
# n_layer, num_hidden_layers, encoder_layers; but vision_feature_layer is the number of one
COUNT_KEY = re.compile(r"(?:(?:n|num)_.*(layer|expert|label)|.*(layer|expert|label)s)")
# code that comes with the model, and the implementation of attention that it was trained with
NOT_ITS_SHAPE = ("auto_map", "attn_implementation", "_attn_implementation")

try:
    from transformers.initialization import no_init_weights
except ImportError:  # before transformers 5
    from transformers.modeling_utils import no_init_weights  # pyright: ignore[reportAttributeAccessIssue]

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()


def build_meta_model(values: dict[str, Any]) -> transformers.PreTrainedModel:
    """Build the model that a `config.json` describes, on the meta device.

    The class is the first of the configuration's `architectures` that transformers has; without
    one, the model type's class for sequence-to-sequence, masked or causal language modelling.

    Raises:
        UserError: transformers does not know the model type or refuses the values.
    """
    _check_counts(values)
    try:
        with (
            torch.device("meta"),
            no_init_weights(),
            _at_most(MAXIMUM_MODULES),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            config = _config(values)
            model = model_class(config)._from_config(config)
            model.tie_weights()
    except UserError:
        raise
    except Exception as error:  # a hostile configuration fails in whatever way its values lead to
        raise UserError(
            _("transformers cannot build a “%(type)s” model from this configuration: %(reason)s.")
            % {"type": values.get("model_type"), "reason": in_a_sentence(error)}
        ) from None
    if model.num_parameters() > MAXIMUM_PARAMETERS:
        raise UserError(
            _("This configuration has %(count).3g parameters; no model has more than %(most).0g.")
            % {"count": model.num_parameters(), "most": MAXIMUM_PARAMETERS}
        )
    for name, parameter in model.named_parameters():
        if not parameter.numel():
            raise UserError(_("This configuration leaves %s without a single value.") % name)
    return model


def model_class(config: transformers.PretrainedConfig) -> type[transformers.PreTrainedModel]:
    """The class that the configuration names, or the language model that its type has."""
    for name in getattr(config, "architectures", None) or ():
        named = getattr(transformers, str(name), None)
        if not isinstance(named, type) or not issubclass(named, transformers.PreTrainedModel):
            continue
        if not named.__name__.endswith("PreTrainedModel"):  # those have no layers
            return named
    by_type = [
        modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING,
        modeling_auto.MODEL_MAPPING,
    ]
    if config.is_encoder_decoder:
        by_type.insert(0, modeling_auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING)
    elif not getattr(config, "is_decoder", False):
        by_type.insert(0, modeling_auto.MODEL_FOR_MASKED_LM_MAPPING)
    for mapping in by_type:
        if type(config) in mapping:
            found = mapping[type(config)]
            return found[0] if isinstance(found, tuple) else found  # type: ignore[return-value]
    raise UserError(
        _("transformers %(version)s has no language model of type “%(type)s”.")
        % {"version": transformers.__version__, "type": config.model_type}
    )


def _config(values: dict[str, Any]) -> transformers.PretrainedConfig:
    settings = {
        key: value for key, value in values.items() if key not in ("model_type", *NOT_ITS_SHAPE)
    }
    known = transformers.CONFIG_MAPPING
    if values["model_type"] not in known:
        raise UserError(
            _("transformers %(version)s does not know the model type “%(type)s”.")
            % {"version": transformers.__version__, "type": values["model_type"][:60]}
        )
    return known[values["model_type"]].from_dict(settings)


def _check_counts(values: dict[str, Any]) -> None:
    """Refuse numbers of layers, experts and labels that take for ever, and negative ones."""
    for key, value in values.items():
        if isinstance(value, dict):
            _check_counts(value)
        match = COUNT_KEY.fullmatch(key)
        if not match or isinstance(value, bool) or not isinstance(value, (int, float)):
            continue
        most = MAXIMUM_COUNT[match.group(1) or match.group(2)]
        if not 0 <= value <= most:
            raise UserError(
                _("“%(key)s” is %(value)s in this configuration; it should be from 0 to %(most)s.")
                % {"key": key, "value": f"{value:,}", "most": f"{most:,}"}
            )


@contextmanager
def _at_most(modules: int) -> Iterator[None]:
    built = 0

    def count(*_: object) -> None:
        nonlocal built
        built += 1
        if built > modules:
            raise ValueError(f"it has more than {modules:,} modules")

    handle = register_module_module_registration_hook(count)
    try:
        yield
    finally:
        handle.remove()
