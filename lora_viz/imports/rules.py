"""What a key of a file means: rules, of which each kind of file has a table.

A rule takes the value that stands in the file and gives what it sets; one that cannot be set raises
`UserError`, whose sentence is the reason. What a value sets is checked by the scenario itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lora_viz.choices.declaration import as_shown
from lora_viz.choices.optimizers import OPTIMIZERS
from lora_viz.choices.scenario import Scenario
from lora_viz.choices.targets import ALL_LINEAR, stands_alone
from lora_viz.errors import UserError
from lora_viz.i18n import N_, Message
from lora_viz.models.catalogue import catalogue
from lora_viz.models.hub_names import catalogue_key, is_packed
from lora_viz.models.source import HUB_ID_FORM

NO_SETTING = Message(N_("LoRA Viz has no such setting yet."))
IDLE = Message(N_("It changes no number that LoRA Viz computes."))
DTYPES_BY_NAME = {
    **dict.fromkeys(("float32", "fp32", "torch.float32", "float"), "float32"),
    **dict.fromkeys(("float16", "fp16", "torch.float16", "half"), "float16"),
    **dict.fromkeys(("bfloat16", "bf16", "torch.bfloat16"), "bfloat16"),
}
OPTIMIZERS_BY_NAME = {
    **{one.trainer_name: one.name for one in OPTIMIZERS.values() if one.trainer_name},
    **{name: name for name in OPTIMIZERS if name != "adamw"},
    "adamw_hf": "adamw",
}
ATTENTION_BY_NAME = {
    **dict.fromkeys(("flash_attention_2", "fa2"), "flash_attention_2"),
    **dict.fromkeys(("sdpa", "auto"), "sdpa"),
    **dict.fromkeys(("eager", "disabled"), "eager"),
}
# Gradient checkpoints and activations that wait elsewhere, by the words of Unsloth and axolotl
CHECKPOINTS_ELSEWHERE = {
    "unsloth": "checkpoints",
    "offload": "activations",
    "offload_disk": "checkpoints",
}
OFFLOADING_BY_NAME = {"legacy": "checkpoints", "disk": "checkpoints"}
OTHER_KERNELS = N_("Liger's loss is simulated, its other kernels are not.")


# Further settings of PEFT's by its own names, which are the scenario's where it has them
FURTHER_OF_PEFT = (
    "modules_to_save",
    "ensure_weight_tying",
    "trainable_token_indices",
    "target_parameters",
    "layers_to_transform",
    "layers_pattern",
    "exclude_modules",
    "rank_pattern",
    "alpha_pattern",
    "init_lora_weights",
    "lora_bias",
)
# What is as usual where a file of an adapter, or of a whole training, sets nothing else
OF_ADAPTER = (*FURTHER_OF_PEFT, "task_type", "num_labels", "vocab_size")
OF_TRAINING = (
    "bias", "attention", "adapter_dtype", "packing", "lengths", "offloading", "loss", *OF_ADAPTER,
)  # fmt: skip


@dataclass(frozen=True)
class Taken:
    """What one key sets.

    Attributes:
        changes: values by fields of the scenario, or by its other spellings.
        targets: names that are added to the target modules.
        note: what a reader should know of it.
    """

    changes: Mapping[str, Any] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    note: Message | None = None


Rule = Callable[[Any], Taken]
NOTHING = Taken()


def sets(name: str, convert: Callable[[Any], Any] = lambda value: value) -> Rule:
    """The value, or what `convert` makes of it, is a field's."""
    return lambda value: NOTHING if value is None else Taken({name: convert(value)})


def sets_if(name: str, value_if_true: Any) -> Rule:
    """A switch that, where it is on, gives a field a value."""
    return lambda value: Taken({name: value_if_true}) if is_on(value) else NOTHING


def switches(name: str) -> Rule:
    """A switch that is a field's."""
    return sets(name, is_on)


def one_of(name: str, known: Mapping[str, str]) -> Rule:
    """A word that is a field's in other words."""

    def rule(value: Any) -> Taken:
        if value is None:
            return NOTHING
        word = str(value).lower()
        if word in known:
            return Taken({name: known[word]})
        if word in Scenario.options(name):
            return Taken({name: word})
        raise UserError(NO_SETTING)

    return rule


def idle(_value: Any) -> Taken:
    """A key that changes no number here."""
    return Taken(note=IDLE)


def without_setting(*harmless: Any) -> Rule:
    """A key that would change numbers, but for these values, and that has no setting here."""

    def rule(value: Any) -> Taken:
        if not value or value in harmless:
            return NOTHING
        raise UserError(NO_SETTING)

    return rule


def when_declared(name: str, *harmless: Any) -> Rule:
    """A key that is a field's once the scenario has one of this name; else without a setting."""

    def rule(value: Any) -> Taken:
        if name not in Scenario.model_fields:
            return without_setting(*harmless)(value)
        if value is None:
            return Taken({name: Scenario.model_fields[name].default})
        return Taken({name: json.dumps(value) if isinstance(value, dict) else value})

    return rule


def begins_as(word: str) -> Rule:
    """A switch for how A and B begin."""
    return lambda value: when_declared("init_lora_weights")(word) if is_on(value) else NOTHING


def is_on(value: Any) -> bool:
    """Whether a switch is on, also where it is a word. Raises `UserError` where it is no switch."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in ("true", "yes", "on", "1", "auto"):
        return True
    if word in ("false", "no", "off", "0", "none", ""):
        return False
    raise UserError(N_("“%s” is neither true nor false."), as_shown(value))


def checkpoints(value: Any) -> Taken:
    """Gradient checkpointing: on, off, or a way of its own, such as unsloth or offload."""
    if isinstance(value, str) and value.lower() in CHECKPOINTS_ELSEWHERE:
        return Taken(
            {"gradient_checkpointing": True, "offloading": CHECKPOINTS_ELSEWHERE[value.lower()]}
        )
    return switches("gradient_checkpointing")(value)


def offloads(value: Any) -> Taken:
    """Whether saved activations wait in the host's memory, or how they do."""
    if isinstance(value, str) and value.lower() in OFFLOADING_BY_NAME:
        return Taken({"offloading": OFFLOADING_BY_NAME[value.lower()]})
    if isinstance(value, str) and value.lower() == "hidden_states":
        raise UserError(NO_SETTING)
    return Taken({"offloading": "activations"}) if is_on(value) else NOTHING


def computes_loss(name: str, note: str | None = None) -> Rule:
    """A switch for one of the losses that never hold all logits."""

    def rule(value: Any) -> Taken:
        if not is_on(value):
            return NOTHING
        return Taken({"loss": name}, note=Message(note) if note else None)

    return rule


def clips(value: Any) -> Taken:
    """A norm to which gradients are scaled down; zero or nothing for none."""
    return Taken({"gradient_clipping": bool(value)})


def packs_sequences(packing: str) -> Rule:
    """A switch for packed sequences, which need no padding, and how they are packed."""

    def rule(value: Any) -> Taken:
        if value is None:
            return NOTHING
        return Taken({"padding": not is_on(value), "packing": packing if is_on(value) else "none"})

    return rule


def packs_weights(value: Any) -> Taken:
    """A switch for 4-bit weights."""
    return Taken({"quantization": "nf4" if is_on(value) else "none"})


def mixes_in(precision: str) -> Rule:
    """A switch for mixed precision, of a trainer that leaves the weights as they are."""
    return lambda value: Taken({"mixed_precision": precision if is_on(value) else "none"})


def loads_and_mixes_in(precision: str) -> Rule:
    """A switch for mixed precision, which a trainer also loads the base model's weights for."""
    together = {"base_dtype": DTYPES_BY_NAME[precision], "mixed_precision": precision}
    return lambda value: Taken(together if is_on(value) else {"mixed_precision": "none"})


def loads_in(dtype: str, *fields: str) -> Rule:
    """A switch for weights in half precision, by which a trainer computes without autocast.

    Args:
        fields: what else is in this format.
    """
    together = dict.fromkeys(("base_dtype", *fields), dtype) | {"mixed_precision": "none"}
    return lambda value: Taken(together) if is_on(value) else NOTHING


def weights_format(value: Any) -> Taken:
    """The number format of the weights, by any of its names."""
    word = str(value).lower()
    if value is None or word == "auto":
        return NOTHING
    if word not in DTYPES_BY_NAME:
        raise UserError(NO_SETTING)
    return Taken({"base_dtype": DTYPES_BY_NAME[word]})


def model_named(value: Any) -> Taken:
    """The model that a name stands for: one of the catalogue, or of the hub; never a path."""
    if not isinstance(value, str) or not value.strip():
        raise UserError(N_("No model is named."))
    name = value.strip().rstrip("/")
    packed = {"quantization": "nf4"} if is_packed(name) else {}
    key = catalogue_key(name)
    if key is not None:
        return Taken({"model": key} | packed, note=_of_catalogue(name, key))
    if HUB_ID_FORM.fullmatch(name):
        return Taken({"model": name} | packed)
    last = name.replace("\\", "/").rpartition("/")[2]
    key = catalogue_key(last) or _shipped_in(last)
    if key is not None:
        return Taken({"model": key} | packed, note=_of_catalogue(name, key))
    raise UserError(N_("It names no model of the hub; choose the model in the sidebar."))


def _shipped_in(folder: str) -> str | None:
    """The model whose weights ship in a folder of this name."""
    for key, entry in catalogue().items():
        if entry.weights_folder and entry.weights_folder.name == folder:
            return key
    return None


def _of_catalogue(name: str, key: str) -> Message | None:
    if name.lower() == key:
        return None
    return Message(
        N_("Its layers are those of %(model)s in the catalogue, so the hub is not asked."),
        model=catalogue()[key].name,
    )


def target_list(value: Any) -> Taken:
    """The target modules as PEFT takes them: a list of names, all-linear, or a pattern."""
    if value is None:
        return NOTHING
    if isinstance(value, str):
        return _one_target(value)
    if not isinstance(value, (list, tuple)) or not all(isinstance(one, str) for one in value):
        raise UserError(N_("The target modules should be names, or one text."))
    for name in value:
        if stands_alone(name):
            raise UserError(
                N_("In a list PEFT takes “%s” for a layer's name, which no layer has."),
                as_shown(name),
            )
    return Taken(targets=tuple(value))


def _one_target(text: str) -> Taken:
    if not stands_alone(text):
        raise UserError(
            N_("PEFT takes a text for a pattern of whole names, which “%s” is not; give a list."),
            as_shown(text),
        )
    return Taken(targets=(text,))


def targets_between_commas(value: Any) -> Taken:
    """The target modules of trainers that take names with commas between them, or all layers."""
    if not isinstance(value, str):
        return target_list(value)
    if value.strip().lower() in ("all", ALL_LINEAR):
        return Taken(targets=(ALL_LINEAR,))
    if stands_alone(value):
        return Taken(targets=(value,))
    return Taken(targets=tuple(part.strip() for part in value.split(",") if part.strip()))
