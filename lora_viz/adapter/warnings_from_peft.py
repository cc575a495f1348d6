"""What a reader should know of an adapter: names that match nothing, or more than was meant.

Importing this module loads torch and peft.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from peft import LoraConfig
from peft.tuners.lora.layer import LoraLayer
from peft.tuners.tuners_utils import check_target_module_exists
from peft.utils import ModulesToSaveWrapper
from torch import nn
from transformers.pytorch_utils import Conv1D

from lora_viz.adapter.layout import AdapterWarning, WarningKind
from lora_viz.adapter.peft_matching import names_fused_parameters
from lora_viz.adapter.tasks_from_peft import HEADS, task_of
from lora_viz.adapter.versions_of_peft import pattern_for
from lora_viz.models.architecture import BLOCK, module_type
from lora_viz.models.layer_kinds import NAMES_OF_FUSED_LAYERS

PEFT_PREFIX = "base_model.model."
ADAPTABLE = (nn.Linear, Conv1D, nn.Embedding)
MOST_KINDS = 30


@dataclass(frozen=True)
class ModelNames:
    """What a model has, before PEFT changes it, in its own order.

    `kinds` are the kinds of layer that PEFT can adapt, `outside` the layers outside of blocks, and
    `tied` the input embedding with those that share its weight, if there are any.
    """

    kinds: tuple[str, ...]
    outside: tuple[str, ...]
    tied: tuple[str, ...]


def names_of(model: nn.Module) -> ModelNames:
    """The names of a model that is not adapted yet."""
    holders = (name for name, module in model.named_modules() if _holds_parameters(module))
    outside = tuple(name for name in holders if not BLOCK.match(name))
    return ModelNames(named_kinds(model), outside[:MOST_KINDS], _tied_to_embedding(model))


def _tied_to_embedding(model: Any) -> tuple[str, ...]:
    try:
        embedding = model.get_input_embeddings()
    except (AttributeError, NotImplementedError):  # it reads no tokens
        return ()
    weight = getattr(embedding, "weight", None)
    tied = tuple(
        name
        for name, module in model.named_modules()
        if weight is not None and module._parameters.get("weight") is weight
    )
    return tied if len(tied) > 1 else ()


def warnings_of(
    adapted: nn.Module, choices: Mapping[str, Any], names: ModelNames
) -> Iterator[AdapterWarning]:
    """All that is to be said of a model that PEFT adapted with these arguments of `LoraConfig`."""
    yield from _about_targets(choices["target_modules"], adapted, names.kinds)
    yield from _about_head(adapted)
    yield from _about_saved(choices, adapted, names)
    yield from _about_patterns(choices, adapted)


def _about_targets(
    targets: str | list[str], adapted: nn.Module, kinds: tuple[str, ...]
) -> Iterator[AdapterWarning]:
    """Names that match more than one kind of layer, as c_proj does in GPT-2, and unmatched names.

    `kinds` are the model's, as `named_kinds` lists them.
    """
    if isinstance(targets, str):
        return
    layers = [
        name.removeprefix(PEFT_PREFIX)
        for name, module in adapted.named_modules()
        if isinstance(module, LoraLayer) and not hasattr(module, "parameter_name")
    ]
    for target in targets:
        rule = LoraConfig(target_modules=[target])
        found = [name for name in layers if check_target_module_exists(rule, name)]
        matched = tuple(dict.fromkeys(module_type(name) for name in found))
        if not found and not names_fused_parameters(adapted, target):
            yield AdapterWarning("unmatched", target, kinds)
        elif len(matched) > 1:
            yield AdapterWarning("ambiguous", target, matched)


def _about_head(adapted: nn.Module) -> Iterator[AdapterWarning]:
    """A head of another name than those that PEFT trains in full, as T5's and BART's have."""
    base = adapted.get_submodule("base_model.model")
    saved = any(isinstance(module, ModulesToSaveWrapper) for module in adapted.modules())
    if task_of(base) and not saved:
        yield AdapterWarning("frozen_head", type(base).__name__, HEADS)


def _about_saved(
    choices: Mapping[str, Any], adapted: nn.Module, names: ModelNames
) -> Iterator[AdapterWarning]:
    """Names of modules to save that no module has, and tied weights that are no longer tied."""
    saved = {
        name.removeprefix(PEFT_PREFIX)
        for name, module in adapted.named_modules(remove_duplicate=False)
        if isinstance(module, ModulesToSaveWrapper)
    }
    for name in choices.get("modules_to_save", ()):
        if not any(one.endswith(name) for one in saved):
            yield AdapterWarning("unsaved", name, names.outside)
    wants_tied = bool(choices.get("ensure_weight_tying"))
    if wants_tied and not names.tied:
        yield AdapterWarning("nothing_tied", "", ())
    copies = tuple(name for name in names.tied if name in saved)
    if copies and not (wants_tied and copies == names.tied):
        yield AdapterWarning("not_kept_tied" if wants_tied else "untied", copies[0], copies)


def _about_patterns(choices: Mapping[str, Any], adapted: nn.Module) -> Iterator[AdapterWarning]:
    """Numbers of blocks, names to exclude and patterns of ranks and alphas that match nothing."""
    modules = list(adapted.named_modules())
    names = [plain_name(name, module) for name, module in modules]
    layers = [plain_name(name, one) for name, one in modules if isinstance(one, LoraLayer)]  # type: ignore[arg-type]
    numbers = {part for name in layers for part in name.split(".") if part.isdigit()}
    for number in choices.get("layers_to_transform", ()):
        if str(number) not in numbers:
            yield AdapterWarning("no_such_layer", str(number), ())
    excluded = choices.get("exclude_modules") or ()
    for one in [excluded] if isinstance(excluded, str) else excluded:
        rule = LoraConfig(target_modules=[], exclude_modules=one if one is excluded else [one])
        if not any(_is_excluded(rule, name) for name in names):
            yield AdapterWarning("excludes_nothing", one, ())
    for parameter in choices.get("target_parameters", ()):
        if not any(f".{name}".endswith(f".{parameter}") for name in layers):
            yield AdapterWarning("parameter_unmatched", parameter, ())
    of_patterns: tuple[tuple[WarningKind, str], ...] = (
        ("rank_unmatched", "rank_pattern"),
        ("alpha_unmatched", "alpha_pattern"),
    )
    for kind, field in of_patterns:
        for key in choices.get(field, ()):
            if not any(pattern_for([key], name) == key for name in layers):
                yield AdapterWarning(kind, key, ())


def _is_excluded(rule: LoraConfig, name: str) -> bool:
    """Whether PEFT's rule leaves a layer out, and not merely does not match it."""
    return type(check_target_module_exists(rule, name)).__name__ == "_ExcludedModule"


def plain_name(name: str, module: nn.Module) -> str:
    """The module's name in the base model; for an adapted bare parameter the parameter's name."""
    plain = name.removeprefix(PEFT_PREFIX).replace(".base_layer", "")
    parameter = getattr(module, "parameter_name", None)
    return f"{plain}.{parameter}" if parameter else plain


def named_kinds(model: nn.Module) -> tuple[str, ...]:
    """Which kinds of layer PEFT can adapt here, in the model's order, cut to what fits a sentence.

    In a model without any of those, all kinds that have weights.
    """
    holders = [(name, one) for name, one in model.named_modules() if _holds_parameters(one)]
    adaptable = [name for name, one in holders if isinstance(one, ADAPTABLE)]
    kinds = [module_type(name) for name in adaptable or dict(holders)]
    model_type = getattr(getattr(model, "config", None), "model_type", "")
    fused = NAMES_OF_FUSED_LAYERS.get(model_type, {}).values()
    return tuple(dict.fromkeys([*kinds, *chain.from_iterable(fused)]))[:MOST_KINDS]


def _holds_parameters(module: nn.Module) -> bool:
    return any(True for _parameter in module.parameters(recurse=False))
