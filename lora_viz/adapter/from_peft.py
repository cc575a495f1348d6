"""What PEFT makes of a target list: the adapter's modules and tensors, read off a meta model.

Importing this module loads torch and peft; only worker processes and the command line do.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from peft.tuners.lora.layer import LoraLayer
from peft.utils import AuxiliaryTrainingWrapper
from torch import nn
from transformers.pytorch_utils import Conv1D

from lora_viz.adapter.layout import (
    AdaptedModule,
    AdapterLayout,
    AdapterTensor,
    TensorRole,
)
from lora_viz.adapter.peft_matching import (
    check_pattern,
    matched_parts,
)
from lora_viz.adapter.tasks_from_peft import HEADS, task_of
from lora_viz.adapter.warnings_from_peft import PEFT_PREFIX, named_kinds, names_of, warnings_of
from lora_viz.errors import UserError
from lora_viz.i18n import N_, Message
from lora_viz.models.architecture import module_type
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
LONGEST_NAMED = 200  # characters of refused targets in a sentence
COPY = "modules_to_save"
WRAPPED = ("original_module", COPY, "token_adapter")  # what PEFT's wrappers call what is in them
# how PEFT says that no module matches a list, a pattern, or a pattern turned into a list of none
NOTHING_MATCHED = (
    "not found in the base model|No modules were targeted|No `target_modules` passed"
    "|All modules were excluded"
)


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
    for name, module in adapted.named_modules():
        is_inside = any(part in WRAPPED for part in name.split("."))
        if isinstance(module, AuxiliaryTrainingWrapper) and is_inside:
            raise UserError(
                N_("PEFT would train “%s” twice; name it once, and nothing inside of it."),
                without_wrappers(name).removeprefix(PEFT_PREFIX),
            )
    return adapted  # type: ignore[return-value]


def check_tokens(model: Any, indices: list[int] | dict[str, list[int]] | None) -> None:
    """Refuse tokens to train that an embedding has not, which shows without data nowhere.

    Raises:
        UserError: no module has such a name, or no such row.
    """
    if indices is None:
        return
    modules = {name: one for name, one in model.named_modules() if name and is_table(one)}
    by_name = indices if isinstance(indices, dict) else {"": indices}
    for name, numbers in by_name.items():
        found = [one for path, one in modules.items() if path.endswith(name)]
        if not found:
            raise UserError(
                N_("No embedding is named “%(name)s”, so its tokens cannot be trained."), name=name
            )
        rows = found[0].weight.shape[0]
        if numbers and max(numbers) >= rows:
            raise UserError(
                N_(
                    "There is no token %(token)s to train: the vocabulary has %(rows)s, and the "
                    "first is 0."
                ),
                token=f"{max(numbers):,}",
                rows=f"{rows:,}",
            )


def is_table(module: nn.Module) -> bool:
    """Whether a module has a row for each token: an embedding, or a head."""
    return isinstance(module, (nn.Embedding, nn.Linear))


def lora_config(model: nn.Module, **choices: Any) -> LoraConfig:
    """PEFT's configuration with the task of the model's class, by which PEFT trains its head.

    PEFT adds names to the lists that it is given: it gets copies.
    """
    arguments: dict[str, Any] = {"task_type": task_of(model)} | deepcopy(choices)
    return LoraConfig(**arguments)


@contextmanager
def refused_readably(model: nn.Module, choices: Mapping[str, Any]) -> Iterator[None]:
    """Turn what PEFT refuses into `UserError`, and keep its warnings to itself."""
    targets = choices["target_modules"]
    modules = dict(model.named_modules())
    check_pattern(targets, modules)
    kinds = named_kinds(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except (ValueError, TypeError, RuntimeError, NotImplementedError) as error:
            raise UserError(_refusal(targets, modules, kinds, error)) from None


def layout_from_peft(model: nn.Module, choices: Mapping[str, Any]) -> AdapterLayout:
    """Adapt a meta model and list what that adds, trains and saves. Raises `UserError`."""
    total = sum(parameter.numel() for parameter in model.parameters())
    names = names_of(model)
    adapted = adapt(model, choices)
    with refused_readably(model, choices):
        parts = _read_tensors(adapted, _saved(adapted, model))
    modules = tuple(_modules(adapted, parts))
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
    matched = set(matched_parts(modules[""], {"target_modules": targets}).adapted)
    return module_type(next((name for name in of_class if name in matched), of_class[0]))
