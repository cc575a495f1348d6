"""A model built from its configuration on the meta device: every layer's shape, no weights.

Importing this module loads torch and transformers; only worker processes and the command line do.
"""

from __future__ import annotations

import json
import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from itertools import islice
from typing import Any

import torch
import transformers
from huggingface_hub.errors import (
    StrictDataclassClassValidationError,
    StrictDataclassFieldValidationError,
)
from torch.nn.modules.module import register_module_module_registration_hook
from transformers.models.auto import modeling_auto

from lora_viz.errors import UserError, in_a_sentence, with_its_words
from lora_viz.i18n import N_, Message

MAXIMUM_MODULES = 20_000
MAXIMUM_PARAMETERS = 10**14
MAXIMUM_COUNT = {"layer": 400, "expert": 100_000, "label": 100_000}
# n_layer, num_hidden_layers, encoder_layers; but vision_feature_layer is the number of one
COUNT_KEY = re.compile(r"(?:(?:n|num)_.*(layer|expert|label)|.*(layer|expert|label)s)")
SHOWN_CHARACTERS = 40
MAXIMUM_TRIALS = 10  # values that are tried one by one to find the one that is wrong
FIELD_IN_ERROR = re.compile(r"Validation error for field '(\w+)'")
KIND_IN_ERROR = re.compile(r"expected (\w+), got")
# what Python says of a value that a library did not expect
OF_PYTHON = ("invalid literal for", "could not convert", "not enough values", "too many values")
Fault = tuple[str, Any, Message]  # a key, its value, and what would be right
# code that comes with the model, the implementation of attention that it was trained with, and what
# that gives back, which not every implementation can
NOT_ITS_SHAPE = ("auto_map", "attn_implementation", "_attn_implementation", "output_attentions")

try:
    from transformers.initialization import no_init_weights
except ImportError:  # before transformers 5
    from transformers.modeling_utils import no_init_weights  # pyright: ignore[reportAttributeAccessIssue]

transformers.logging.set_verbosity(logging.CRITICAL)  # errors are told in words of our own
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
        model = _build(values)
    except UserError:
        raise
    except Exception as error:  # a hostile configuration fails in whatever way its values lead to
        raise UserError(_what_is_wrong(values, error)) from None
    if model.num_parameters() > MAXIMUM_PARAMETERS:
        raise UserError(
            N_("This configuration has %(count).3g parameters; no model has more than %(most).0g."),
            count=model.num_parameters(),
            most=MAXIMUM_PARAMETERS,
        )
    for name, parameter in model.named_parameters():
        if not parameter.numel():
            raise UserError(N_("This configuration leaves %s without a single value."), name)
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
        N_("transformers %(version)s has no language model of type “%(type)s”."),
        version=transformers.__version__,
        type=config.model_type,
    )


def _build(values: dict[str, Any]) -> transformers.PreTrainedModel:
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
        if values.get("tie_word_embeddings") is False:
            _untie_head(model)
    return model


def _untie_head(model: transformers.PreTrainedModel) -> None:
    """Give the head a weight of its own where transformers ties it against the configuration.

    It ties every T5 that it builds, and unties the head of T5 1.1 and FLAN-T5 when it finds another
    weight in their files (`PreTrainedModel.tie_weights`).
    """
    head: Any = model.get_output_embeddings()
    embedding: Any = model.get_input_embeddings()
    if head is None or head.weight is not embedding.weight:
        return
    head.weight = torch.nn.Parameter(head.weight.clone())
    for name, parameter in model.named_parameters():
        if parameter is head.weight:
            model.all_tied_weights_keys.pop(name, None)


def _config(values: dict[str, Any]) -> transformers.PretrainedConfig:
    settings = _of_its_shape(values)
    del settings["model_type"]
    known = transformers.CONFIG_MAPPING
    if values["model_type"] not in known:
        raise UserError(
            N_("transformers %(version)s does not know the model type “%(type)s”."),
            version=transformers.__version__,
            type=values["model_type"][:60],
        )
    return known[values["model_type"]].from_dict(settings)


def _of_its_shape(values: dict[str, Any]) -> dict[str, Any]:
    """The values, those of parts such as a text model among them, without `NOT_ITS_SHAPE`."""
    return {
        key: _of_its_shape(value) if isinstance(value, dict) else value
        for key, value in values.items()
        if key not in NOT_ITS_SHAPE
    }


def _what_is_wrong(values: dict[str, Any], error: Exception) -> Message:
    """Name the value that keeps a model from being built, rather than show what broke on it."""
    found = (
        _of_wrong_kind(values, error)
        or _unknown_name(values, error)
        or _out_of_range(values, error)
    )
    if found:
        key, value, expected = found
        return Message(
            N_("“%(key)s” is %(value)s in this configuration; it should be %(expected)s."),
            key=key[:SHOWN_CHARACTERS],
            value=_as_written(value),
            expected=expected,
        )
    words = in_a_sentence(error)
    if isinstance(error, StrictDataclassClassValidationError):
        words = words.partition("ValueError: ")[2]
    elif isinstance(error, KeyError):
        words = str(error.args[0])[:300].rstrip(".") if error.args else ""
    is_sentence = isinstance(error, (ValueError, KeyError, StrictDataclassClassValidationError))
    is_sentence = is_sentence and not words.startswith(OF_PYTHON)
    sentence = Message(
        N_(
            "transformers cannot build a “%s” model from this configuration: its values do not go "
            "together."
        ),
        values["model_type"],
    )
    return with_its_words(sentence, words) if is_sentence and " " in words else sentence


def _of_wrong_kind(values: dict[str, Any], error: Exception) -> Fault | None:
    """The field whose type transformers itself checks."""
    field = FIELD_IN_ERROR.search(str(error))
    if not field or not isinstance(error, StrictDataclassFieldValidationError):
        return None
    kinds = set(KIND_IN_ERROR.findall(str(error))) - {"NoneType"}
    kind = kinds.pop() if len(kinds) == 1 else ""
    expected = {
        "int": N_("a whole number"),
        "float": N_("a number"),
        "str": N_("text"),
        "bool": N_("true or false"),
        "list": N_("a list"),
        "dict": N_("an object"),
    }.get(kind, N_("a value of another kind"))
    places = [value for key, value in _every_value(values) if key == field.group(1)]
    return (field.group(1), places[0], Message(expected)) if places else None


def _unknown_name(values: dict[str, Any], error: Exception) -> Fault | None:
    """The name, of an activation for example, that was looked for and not found."""
    if isinstance(error, KeyError) and error.args:
        unknown = error.args[0]
    elif isinstance(error, AttributeError):
        unknown = error.name
    else:
        return None
    for key, value in _every_value(values):
        if isinstance(value, str) and value == unknown:
            return key, value, Message(N_("a name that transformers knows"))
    return None


def _out_of_range(values: dict[str, Any], error: Exception) -> Fault | None:
    """The value that is unlike its type's usual one, and with the usual one this error is gone."""
    tried = deepcopy(values)
    suspects = islice(_suspects(tried, _usual(values)), MAXIMUM_TRIALS)
    for place, key, usual, expected in list(suspects):
        value, place[key] = place[key], usual
        try:
            _build(tried)
        except Exception as other:
            if str(other) == str(error):
                place[key] = value
                continue
        return key, value, expected
    return None


def _usual(values: dict[str, Any]) -> transformers.PretrainedConfig | None:
    """A configuration of the same type with nothing but default values."""
    try:
        return transformers.CONFIG_MAPPING[values["model_type"]]()
    except Exception:  # some types are nothing without values
        return None


def _suspects(
    values: dict[str, Any], defaults: object
) -> Iterator[tuple[dict[str, Any], str, Any, Message]]:
    """Where a number is not above 0, or is none, or a name is taken: dict, key, default, words."""
    for key, value in list(values.items()):
        usual = getattr(defaults, key, None)
        if key == "architectures":
            if not isinstance(value, list):
                yield values, key, None, Message(N_("a list"))
        elif isinstance(value, dict) and isinstance(usual, transformers.PretrainedConfig):
            yield from _suspects(value, usual)
        elif callable(usual):
            yield values, key, usual, Message(N_("left out"))
        elif isinstance(usual, (int, float)) and not isinstance(usual, bool):
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                yield values, key, usual, Message(N_("a number"))
            elif value <= 0 < usual:
                yield values, key, usual, Message(N_("a number above 0"))


def _every_value(values: object) -> Iterator[tuple[str, Any]]:
    """All keys with their values, those within others after them."""
    inner: list[Any] = list(values) if isinstance(values, list) else []
    if isinstance(values, dict):
        yield from values.items()
        inner = list(values.values())
    for one in inner:
        yield from _every_value(one)


def _as_written(value: object) -> str:
    words = json.dumps(value, ensure_ascii=False)
    return words if len(words) <= SHOWN_CHARACTERS else words[:SHOWN_CHARACTERS] + "…"


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
                N_(
                    "“%(key)s” is %(value)s in this configuration; it should be from 0 to %(most)s."
                ),
                key=key,
                value=f"{value:,}",
                most=f"{most:,}",
            )


@contextmanager
def _at_most(modules: int) -> Iterator[None]:
    built = 0

    def count(*_module: object) -> None:
        nonlocal built
        built += 1
        if built > modules:
            raise UserError(
                N_("This configuration has more than %s modules, which no model has."),
                f"{modules:,}",
            )

    handle = register_module_module_registration_hook(count)
    try:
        yield
    finally:
        handle.remove()
