"""What PEFT makes of a target list: the adapter's modules and tensors, read off a meta model.

Importing this module loads torch and peft; only worker processes and the command line do.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from inspect import signature
from itertools import chain
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from peft.tuners.lora.layer import LoraLayer
from peft.tuners.tuners_utils import check_target_module_exists
from torch import nn
from transformers.models.auto import modeling_auto
from transformers.pytorch_utils import Conv1D

from lora_viz.adapter.layout import (
    AdaptedModule,
    AdapterLayout,
    AdapterTensor,
    AdapterWarning,
    TensorRole,
)
from lora_viz.adapter.peft_matching import (
    check_pattern,
    matched_modules,
    names_fused_parameters,
)
from lora_viz.errors import UserError
from lora_viz.i18n import N_, Message
from lora_viz.models.architecture import module_type
from lora_viz.models.layer_kinds import NAMES_OF_FUSED_LAYERS

ADAPTER = "default"
PEFT_PREFIX = "base_model.model."
ROLES: dict[str, tuple[TensorRole, int | None]] = {
    "lora_A": ("A", 0),
    "lora_B": ("B", 1),
    "lora_embedding_A": ("A", 0),
    "lora_embedding_B": ("B", 1),
    "lora_magnitude_vector": ("magnitude", None),
}
ADAPTABLE = (nn.Linear, Conv1D, nn.Embedding)
# makes no tensors of data; peft before 0.15 does not have it
ON_META: dict[str, bool] = (
    {"low_cpu_mem_usage": True}
    if "low_cpu_mem_usage" in signature(get_peft_model).parameters
    else {}
)
MOST_KINDS = 30
LONGEST_NAMED = 200  # characters of refused targets in a sentence
COPY = "modules_to_save"
# PEFT's task types that train the model's head in full, and transformers' classes of that task
TASKS: dict[str, Mapping[Any, Any]] = {
    "SEQ_CLS": modeling_auto.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
    "TOKEN_CLS": modeling_auto.MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES,
    "QUESTION_ANS": modeling_auto.MODEL_FOR_QUESTION_ANSWERING_MAPPING_NAMES,
}
# what PEFT calls heads (`PeftModelForSequenceClassification` and its siblings)
HEADS = ("classifier", "score", "qa_outputs")
# how PEFT says that no module matches a list, a pattern, or a pattern turned into a list of none
NOTHING_MATCHED = (
    "not found in the base model|No modules were targeted|No `target_modules` passed"
    "|All modules were excluded"
)


def adapt(model: nn.Module, targets: str | list[str], bias: str, dora: bool) -> PeftModel:
    """Give a meta model an adapter of rank 1.

    Raises:
        UserError: no layer matches, or PEFT cannot adapt one that does.
    """
    config = lora_config(model, r=1, lora_alpha=1, target_modules=targets, bias=bias, use_dora=dora)
    with refused_readably(model, targets):
        return get_peft_model(model, config, **ON_META)  # type: ignore[arg-type,return-value]


def lora_config(model: nn.Module, **choices: Any) -> LoraConfig:
    """PEFT's configuration with the task of the model's class, by which PEFT trains its head."""
    return LoraConfig(task_type=task_of(model), **choices)


def task_of(model: nn.Module) -> str | None:
    """PEFT's task type of a model whose head PEFT trains in full; None for all other models."""
    name = type(model).__name__
    return next((task for task, classes in TASKS.items() if name in class_names(classes)), None)


def class_names(classes: Mapping[Any, Any]) -> Iterator[str]:
    """The names of the classes in one of transformers' mappings."""
    for value in classes.values():
        yield from (value,) if isinstance(value, str) else value


@contextmanager
def refused_readably(model: nn.Module, targets: str | list[str]) -> Iterator[None]:
    """Turn what PEFT refuses into `UserError`, and keep its warnings to itself."""
    modules = dict(model.named_modules())
    check_pattern(targets, modules)
    kinds = named_kinds(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except (ValueError, TypeError, RuntimeError, NotImplementedError) as error:
            raise UserError(_refusal(targets, modules, kinds, error)) from None


def layout_from_peft(
    model: nn.Module, targets: str | list[str], bias: str, dora: bool
) -> AdapterLayout:
    """Adapt a meta model and list what that adds, trains and saves. Raises `UserError`."""
    total = sum(parameter.numel() for parameter in model.parameters())
    kinds = named_kinds(model)
    adapted = adapt(model, targets, bias, dora)
    with refused_readably(model, targets):
        parts = _read_tensors(adapted, get_peft_model_state_dict(adapted))
    modules = tuple(_modules(adapted, parts))
    own = {tensor.name for module in modules for tensor in module.tensors}
    return AdapterLayout(
        modules=modules,
        base_tensors=tuple(tensor for tensor in parts.values() if tensor.name not in own),
        total_parameters=total,
        warnings=(
            *target_warnings(targets, adapted, kinds),
            *_warnings_about_head(model, parts.values()),
        ),
    )


def describe_parameter(name: str, parameter: torch.Tensor, saved: bool) -> AdapterTensor:
    """One parameter of an adapted model of rank 1 as plain data."""
    file_name = _name_in_file(name)
    role, rank_axis = _role(name)
    shape = tuple(parameter.shape)
    return AdapterTensor(file_name, role, shape, rank_axis, parameter.requires_grad, saved)


def _read_tensors(adapted: PeftModel, saved: dict[str, torch.Tensor]) -> dict[str, AdapterTensor]:
    """Every tensor that is trained or saved, by its name in the model, in the model's order."""
    tensors: dict[str, AdapterTensor] = {}
    unseen = dict(saved)
    for name, parameter in adapted.named_parameters():
        is_saved = unseen.pop(_name_in_file(name), None) is not None
        if parameter.requires_grad or is_saved:
            tensors[name] = describe_parameter(name, parameter, is_saved)
    for name, tensor in unseen.items():
        tensors[f"saved as {name}"] = _saved_again(name, tensor)
    return tensors


def _saved_again(name: str, tensor: torch.Tensor) -> AdapterTensor:
    """A tensor of the file that is no parameter of its own: tied, or saved under two names, as
    PEFT does with a copied module's biases where all biases are trained."""
    role, rank_axis = ("bias", None) if COPY in name.split(".") else _role(name)
    return AdapterTensor(name, role, tuple(tensor.shape), rank_axis, False, True)


def is_adapter(name: str) -> bool:
    """Whether a parameter of this name belongs to the adapter."""
    return any(part in ROLES for part in name.split("."))


def give_dtype(model: nn.Module, dtype: torch.dtype) -> None:
    """Let the adapter's parameters have a dtype, whatever PEFT gave them."""
    for name, parameter in model.named_parameters():
        if is_adapter(name):
            parameter.data = parameter.data.to(dtype)


def is_copy(name: str) -> bool:
    """Whether a parameter of this name is of a copied module that is trained in full."""
    return f".{COPY}.{ADAPTER}." in name


def _name_in_file(name: str) -> str:
    """A parameter's key in the adapter file, which leaves the adapter's own name out."""
    plain = name.replace(f".{COPY}.{ADAPTER}", "").replace(f".{ADAPTER}", "")
    return plain.removesuffix(".weight") if "lora_magnitude_vector" in plain else plain


def _role(name: str) -> tuple[TensorRole, int | None]:
    for part in name.split("."):
        if part in ROLES:
            return ROLES[part]
    if is_copy(name):
        return "module_to_save", None
    return ("bias" if name.endswith("bias") else "weight"), None


def _modules(adapted: PeftModel, tensors: dict[str, AdapterTensor]) -> Iterable[AdaptedModule]:
    for name, module in adapted.named_modules():
        if not isinstance(module, LoraLayer):
            continue
        assert isinstance(module, nn.Module) and module.in_features and module.out_features
        own = tuple(
            tensors[f"{name}.{parameter}"]
            for parameter, _tensor in module.named_parameters()
            if parameter.split(".")[0] in ROLES
        )
        yield AdaptedModule(
            _plain_name(name, module),
            int(module.in_features),  # a convolution's can be a tensor
            int(module.out_features),
            int(getattr(module, "num_experts", 1)),
            own,
        )


def _plain_name(name: str, module: nn.Module) -> str:
    """The module's name in the base model; for an adapted bare parameter the parameter's name."""
    plain = name.removeprefix(PEFT_PREFIX).replace(".base_layer", "")
    parameter = getattr(module, "parameter_name", None)
    return f"{plain}.{parameter}" if parameter else plain


def target_warnings(
    targets: str | list[str], adapted: PeftModel, kinds: tuple[str, ...]
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


def _warnings_about_head(
    model: nn.Module, tensors: Iterable[AdapterTensor]
) -> Iterator[AdapterWarning]:
    """A head of another name than those that PEFT trains in full, as T5's and BART's have."""
    if task_of(model) and not any(tensor.role == "module_to_save" for tensor in tensors):
        yield AdapterWarning("frozen_head", type(model).__name__, HEADS)


def _refusal(
    targets: str | list[str],
    modules: dict[str, nn.Module],
    kinds: tuple[str, ...],
    error: Exception,
) -> Message:
    """One sentence: which targets match nothing and what there is, or that PEFT refuses them."""
    all_named = targets if isinstance(targets, str) else ", ".join(targets)
    named = all_named if len(all_named) <= LONGEST_NAMED else all_named[:LONGEST_NAMED] + "…"
    if unsupported := re.search(r"Target module (\w+).*is not supported", str(error), re.DOTALL):
        return Message(
            N_(
                "PEFT cannot adapt “%(layer)s”, a layer of class %(class)s; name Linear, Conv1D or "
                "Embedding layers, such as %(kinds)s."
            ),
            **{
                "layer": _first_of_class(unsupported.group(1), targets, modules),
                "class": unsupported.group(1),
                "kinds": ", ".join(kinds),
            },
        )
    is_excluded = COPY in str(error) and bool(set(HEADS) & set(all_named.split(", ")))
    if is_excluded or f"{COPY} cannot be applied" in str(error):
        return Message(
            N_(
                "“%s” includes the head. PEFT trains the head in full and cannot adapt it too; "
                "name the layers to adapt, such as query or q_proj."
            ),
            named,
        )
    if not re.search(NOTHING_MATCHED, str(error)):
        return Message(N_("PEFT cannot adapt the target modules “%s”; name other layers."), named)
    return Message(
        N_("No layer matches the target modules “%(targets)s”; this model has %(kinds)s."),
        targets=named,
        kinds=", ".join(kinds),
    )


def _first_of_class(
    class_name: str, targets: str | list[str], modules: dict[str, nn.Module]
) -> str:
    """The kind of the first layer of this class that the targets match.

    Where they match none by themselves, PEFT has made names of them, as of all-linear.
    """
    of_class = [name for name, module in modules.items() if type(module).__name__ == class_name]
    matched = set(matched_modules(modules[""], targets))
    return module_type(next((name for name in of_class if name in matched), of_class[0]))


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
