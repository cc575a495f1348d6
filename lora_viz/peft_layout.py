"""What PEFT makes of a target list: the adapter's modules and tensors, read off a meta model.

Importing this module loads torch and peft; only worker processes and the command line do.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from peft.tuners.lora.layer import LoraLayer
from peft.tuners.tuners_utils import check_target_module_exists
from torch import nn

from lora_viz.adapter import AdaptedModule, AdapterLayout, AdapterTensor, TensorRole
from lora_viz.architecture import module_type
from lora_viz.errors import UserError, in_a_sentence
from lora_viz.i18n import _
from lora_viz.peft_matching import check_pattern

ADAPTER = "default"
PEFT_PREFIX = "base_model.model."
ROLES: dict[str, tuple[TensorRole, int | None]] = {
    "lora_A": ("A", 0),
    "lora_B": ("B", 1),
    "lora_embedding_A": ("A", 0),
    "lora_embedding_B": ("B", 1),
    "lora_magnitude_vector": ("magnitude", None),
}
# how PEFT says that no module matches a list, a pattern, or a pattern turned into a list of none
NOTHING_MATCHED = "not found in the base model|No modules were targeted|No `target_modules` passed"


def adapt(model: nn.Module, targets: str | list[str], bias: str, dora: bool) -> PeftModel:
    """Give a meta model an adapter of rank 1.

    Raises:
        UserError: no layer matches, or PEFT cannot adapt one that does.
    """
    config = LoraConfig(r=1, lora_alpha=1, target_modules=targets, bias=bias, use_dora=dora)  # type: ignore[arg-type]
    with refused_readably(model, targets):
        return get_peft_model(model, config, low_cpu_mem_usage=True)  # type: ignore[arg-type,return-value]


@contextmanager
def refused_readably(model: nn.Module, targets: str | list[str]) -> Iterator[None]:
    """Turn what PEFT refuses into `UserError`, and keep its warnings to itself."""
    modules = dict(model.named_modules())
    check_pattern(targets, modules)
    names = [name for name, module in modules.items() if _holds_parameters(module)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except (ValueError, TypeError, RuntimeError, NotImplementedError) as error:
            raise UserError(_refusal(targets, names, error)) from None


def layout_from_peft(
    model: nn.Module, targets: str | list[str], bias: str, dora: bool
) -> AdapterLayout:
    """Adapt a meta model and list what that adds, trains and saves. Raises `UserError`."""
    total = sum(parameter.numel() for parameter in model.parameters())
    adapted = adapt(model, targets, bias, dora)
    with refused_readably(model, targets):
        parts = _read_tensors(adapted, get_peft_model_state_dict(adapted))
    modules = tuple(_modules(adapted, parts))
    own = {tensor.name for module in modules for tensor in module.tensors}
    matched = [module.name for module in modules]
    return AdapterLayout(
        modules=modules,
        base_tensors=tuple(tensor for tensor in parts.values() if tensor.name not in own),
        total_parameters=total,
        warnings=tuple(_warnings(targets, matched, _adapts_bare_parameters(adapted))),
    )


def describe_parameter(name: str, parameter: torch.Tensor, saved: bool) -> AdapterTensor:
    """One parameter of an adapted model of rank 1 as plain data."""
    file_name = _name_in_file(name)
    role, rank_axis = _role(file_name)
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
        tensors[name] = describe_parameter(name, tensor, saved=True)
    return tensors


def is_adapter(name: str) -> bool:
    """Whether a parameter of this name belongs to the adapter."""
    return any(part in ROLES for part in name.split("."))


def _name_in_file(name: str) -> str:
    """A parameter's key in the adapter file, which leaves the adapter's own name out."""
    plain = name.replace(f".{ADAPTER}", "")
    return plain.removesuffix(".weight") if "lora_magnitude_vector" in plain else plain


def _role(name: str) -> tuple[TensorRole, int | None]:
    for part in name.split("."):
        if part in ROLES:
            return ROLES[part]
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


def _adapts_bare_parameters(adapted: PeftModel) -> bool:
    """Whether PEFT adapts parameters such as fused experts, which it names in its own way."""
    return any(hasattr(module, "parameter_name") for module in adapted.modules())


def _warnings(targets: str | list[str], matched: list[str], has_other_names: bool) -> Iterable[str]:
    """Names that match more than one kind of layer, as c_proj does in GPT-2, and names in vain."""
    if isinstance(targets, str):
        return
    for target in targets:
        rule = LoraConfig(target_modules=[target])
        found = [name for name in matched if check_target_module_exists(rule, name)]
        kinds = list(dict.fromkeys(module_type(name) for name in found))
        if not found and not has_other_names:
            yield _("“%s” matches no layer of this model.") % target
        elif len(kinds) > 1:
            yield _("“%(target)s” matches %(count)s kinds of layer: %(kinds)s.") % {
                "target": target,
                "count": len(kinds),
                "kinds": ", ".join(kinds),
            }


def _refusal(targets: str | list[str], names: list[str], error: Exception) -> str:
    """One sentence: which targets match nothing and what there is, or what PEFT says."""
    if unsupported := re.search(r"Target module (\w+).*is not supported", str(error), re.DOTALL):
        return _(
            "PEFT cannot adapt a layer of class %s; name Linear, Conv1D or Embedding layers."
        ) % unsupported.group(1)
    if not re.search(NOTHING_MATCHED, str(error)):
        return _("PEFT cannot adapt these target modules: %s.") % in_a_sentence(error)
    kinds = list(dict.fromkeys(module_type(name) for name in names))
    return _("No layer matches the target modules “%(targets)s”; this model has %(kinds)s.") % {
        "targets": targets if isinstance(targets, str) else ", ".join(targets),
        "kinds": ", ".join(kinds[:30]),
    }


def _holds_parameters(module: nn.Module) -> bool:
    return any(True for _parameter in module.parameters(recurse=False))
