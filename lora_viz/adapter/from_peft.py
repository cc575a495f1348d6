"""What PEFT makes of a target list: the adapter's modules and tensors, read off a meta model.

Importing this module loads torch and peft; only worker processes and the command line do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from copy import deepcopy
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from peft.tuners.lora.layer import LoraLayer
from torch import nn
from transformers.pytorch_utils import Conv1D

from lora_viz.adapter.layout import (
    AdaptedModule,
    AdapterLayout,
    AdapterTensor,
    TensorRole,
)
from lora_viz.adapter.refusals_from_peft import check_tokens, refused_readably
from lora_viz.adapter.tasks_from_peft import task_of
from lora_viz.adapter.versions_of_peft import AROUND_MODULES, pattern_for
from lora_viz.adapter.warnings_from_peft import PEFT_PREFIX, names_of, plain_name, warnings_of
from lora_viz.errors import UserError
from lora_viz.i18n import N_
from lora_viz.models.changed import is_resized

ADAPTER = "default"
ROLES: dict[str, tuple[TensorRole, int | None]] = {
    "lora_A": ("A", 0),
    "lora_B": ("B", 1),
    "lora_embedding_A": ("A", 0),
    "lora_embedding_B": ("B", 1),
    "lora_magnitude_vector": ("magnitude", None),
    "trainable_tokens_delta": ("tokens", None),
    "trainable_tokens_original": ("tokens", None),
}
ADAPTABLE = (nn.Linear, Conv1D, nn.Embedding)
COPY = "modules_to_save"


def adapt(model: nn.Module, choices: Mapping[str, Any]) -> PeftModel:
    """Give a meta model an adapter of rank 1.

    Args:
        choices: the arguments of `LoraConfig` but rank and task.

    Raises:
        UserError: no layer matches, or PEFT cannot adapt one that does.
    """
    with torch.device("meta"):
        return with_peft(model, {**choices, "r": 1})


def with_peft(
    model: nn.Module, choices: Mapping[str, Any], asked: Mapping[str, Any] | None = None
) -> PeftModel:
    """PEFT's model around this one.

    Args:
        choices: the arguments of `LoraConfig`; without a task that of the model's class is taken.
        asked: what a reader asked for, where `choices` say the same in other names.

    Raises:
        UserError: no layer matches, or PEFT cannot adapt one that does.
    """
    check_tokens(model, choices.get("trainable_token_indices"))
    with refused_readably(model, asked or choices):
        adapted = get_peft_model(model, lora_config(model, **choices))  # type: ignore[arg-type]
    _refuse_what_is_trained_twice(adapted)
    return adapted  # type: ignore[return-value]


def _refuse_what_is_trained_twice(adapted: nn.Module) -> None:
    """Raise `UserError` where something that PEFT trains in full lies in another such thing."""
    wrapped = [
        name for name, module in adapted.named_modules() if isinstance(module, AROUND_MODULES)
    ]
    for name in wrapped:
        if any(name.startswith(f"{outer}.") for outer in wrapped):
            raise UserError(
                N_("PEFT would train “%s” twice; name it once, and nothing inside of it."),
                without_wrappers(name).removeprefix(PEFT_PREFIX),
            )


def lora_config(model: nn.Module, **choices: Any) -> LoraConfig:
    """PEFT's configuration with the task of the model's class, by which PEFT trains its head.

    PEFT adds names to the lists that it is given: it gets copies.
    """
    arguments: dict[str, Any] = {"task_type": task_of(model)} | deepcopy(choices)
    return LoraConfig(**arguments)


def layout_from_peft(model: nn.Module, choices: Mapping[str, Any]) -> AdapterLayout:
    """Adapt a meta model and list what that adds, trains and saves. Raises `UserError`."""
    total = sum(parameter.numel() for parameter in model.parameters())
    names = names_of(model)
    adapted = adapt(model, choices)
    with refused_readably(model, choices):
        own_ranks = layers_with_own_rank(adapted, choices)
        parts = _read_tensors(adapted, _saved(adapted, model), own_ranks)
    modules = tuple(_modules(adapted, parts, own_ranks))
    own = {tensor.name for module in modules for tensor in module.tensors}
    return AdapterLayout(
        modules=modules,
        base_tensors=tuple(tensor for tensor in parts.values() if tensor.name not in own),
        total_parameters=total,
        warnings=tuple(warnings_of(adapted, choices, names)),
    )


def _saved(adapted: PeftModel, model: Any) -> dict[str, torch.Tensor]:
    """What PEFT saves. With a resized vocabulary embedding and head are among it: PEFT reads the
    configuration of the model's folder again, and sees that it is another one."""
    is_seen = is_resized(model) and hasattr(model.config, "vocab_size")
    return get_peft_model_state_dict(adapted, save_embedding_layers=True if is_seen else "auto")


def layers_with_own_rank(adapted: nn.Module, choices: Mapping[str, Any]) -> dict[str, int]:
    """Adapted layers of which `rank_pattern` says the rank, by their names in the adapted model.

    Patterns that PEFT itself adds, for experts that were fused, are of ranks that grow with r.
    """
    patterns = choices.get("rank_pattern") or {}
    return {
        name: patterns[key]
        for name, module in adapted.named_modules()
        if patterns and isinstance(module, LoraLayer) and isinstance(module, nn.Module)
        for key in [pattern_for([*patterns], plain_name(name, module))]
        if key in patterns
    }


def describe_parameter(
    name: str, parameter: torch.Tensor, saved: bool, own_ranks: Collection[str] = ()
) -> AdapterTensor:
    """One parameter of an adapted model of rank 1 as plain data.

    Args:
        own_ranks: names of layers whose rank is one of their own.
    """
    file_name = _name_in_file(name)
    role, rank_axis = _role(name)
    if name.partition(".lora_")[0] in own_ranks:
        rank_axis = None
    shape = tuple(parameter.shape)
    return AdapterTensor(file_name, role, shape, rank_axis, parameter.requires_grad, saved)


def _read_tensors(
    adapted: PeftModel, saved: dict[str, torch.Tensor], own_ranks: Collection[str]
) -> dict[str, AdapterTensor]:
    """Every tensor that is trained or saved, by its name in the model, in the model's order."""
    tensors: dict[str, AdapterTensor] = {}
    unseen = dict(saved)
    for name, parameter in adapted.named_parameters():
        is_saved = unseen.pop(_name_in_file(name), None) is not None
        if parameter.requires_grad or is_saved:
            tensors[name] = describe_parameter(name, parameter, is_saved, own_ranks)
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


def without_wrappers(name: str) -> str:
    """A name without what PEFT has put around what was there before."""
    for wrapper in (".base_layer", ".original_module", ".token_adapter", f".{COPY}.{ADAPTER}"):
        name = name.replace(wrapper, "")
    return name


def _name_in_file(name: str) -> str:
    """A parameter's key in the adapter file, which leaves the adapter's own name out."""
    plain = name.replace(f".{COPY}.{ADAPTER}", "").replace(f".{ADAPTER}", "")
    return plain.removesuffix(".weight") if "lora_magnitude_vector" in plain else plain


def _role(name: str) -> tuple[TensorRole, int | None]:
    for part in name.split("."):
        if part in ROLES:
            role, rank_axis = ROLES[part]
            return role, None if name.endswith("bias") else rank_axis  # of B, with lora_bias
    if is_copy(name):
        return "module_to_save", None
    return ("bias" if name.endswith("bias") else "weight"), None


def _modules(
    adapted: PeftModel, tensors: dict[str, AdapterTensor], own_ranks: Mapping[str, int]
) -> Iterable[AdaptedModule]:
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
            plain_name(name, module),
            int(module.in_features),  # a convolution's can be a tensor
            int(module.out_features),
            int(getattr(module, "num_experts", 1)),
            own,
            own_ranks.get(name),
        )
