"""What a format says of a scenario: a table of a rule for each field.

A rule gives the keys that a field is written as, and why that is not all of it where it is not. A
field that a table lacks is an error, so that none is left out in silence.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lora_viz.choices.methods import METHODS
from lora_viz.choices.optimizers import OPTIMIZERS
from lora_viz.choices.scenario import Scenario
from lora_viz.choices.scenario_links import OUTSIDE
from lora_viz.exports.subject import STANDS_FOR_A_MODEL, Subject
from lora_viz.i18n import N_, Message

USUAL_OPTIMIZER = "adamw_torch"
# what means nothing where no adapter is trained, or where nothing is packed
OF_ADAPTER = (
    "rank", "alpha", "target_modules", "rslora", "dora", "bias", "dropout", "adapter_dtype",
    "modules_to_save", "ensure_weight_tying", "trainable_token_indices", "target_parameters",
    "layers_to_transform", "layers_pattern", "exclude_modules", "rank_pattern", "alpha_pattern",
    "init_lora_weights", "lora_bias",
)  # fmt: skip
OF_PACKING = ("double_quant", "kbit_preparation")


@dataclass(frozen=True)
class Said:
    """What a format says of one field.

    Attributes:
        keys: the keys that it is written as, with dots between a section's name and its own.
        is_whole: whether they say all of it.
        why: why they do not, or what a reader should know of them.
    """

    keys: Mapping[str, Any] = field(default_factory=dict)
    is_whole: bool = True
    why: Message | None = None


@dataclass(frozen=True)
class Remark:
    """A field that a file does not say, or says otherwise."""

    field: str
    value: Any
    why: Message | None


Rule = Callable[[Subject, str], Said]
Table = Mapping[str, Rule]
NOTHING = Said()


def said_by(table: Table, subject: Subject) -> tuple[dict[str, Any], list[Remark]]:
    """The keys of a file, and what it does not say."""
    keys: dict[str, Any] = {}
    remarks: list[Remark] = []
    for name in Scenario.model_fields:
        if name in OUTSIDE or not _means_something(name, subject.scenario):
            continue
        said = table[name](subject, name)
        keys |= said.keys
        if not said.is_whole or said.why:
            remarks.append(Remark(name, subject.value(name), said.why))
    return keys, remarks


def key(name: str, convert: Callable[[Any], Any] = lambda value: value) -> Rule:
    """The field's value, or what `convert` makes of it, under a key."""
    return lambda subject, field: Said({name: convert(subject.value(field))})


def further(name: str) -> Rule:
    """One of PEFT's further settings, as PEFT takes it; it is left out where it is as usual."""

    def rule(subject: Subject, field: str) -> Said:
        if _is_usual(subject, field):
            return NOTHING
        return Said({name: as_peft(subject.value(field))})

    return rule


def unsaid(why: str = "", **names: Any) -> Rule:
    """A field that the format cannot say, and why."""
    return lambda _subject, _field: Said(is_whole=False, why=Message(why, **names) if why else None)


def unsaid_but(*harmless: Any, why: str = "", **names: Any) -> Rule:
    """A field that the format cannot say, but for values that it always has."""

    def rule(subject: Subject, field: str) -> Said:
        if subject.value(field) in harmless:
            return NOTHING
        return unsaid(why, **names)(subject, field)

    return rule


def unsaid_unless_usual(why: str = "") -> Rule:
    """A field that the format cannot say, but for its usual value."""

    def rule(subject: Subject, field: str) -> Said:
        return NOTHING if _is_usual(subject, field) else unsaid(why)(subject, field)

    return rule


def said_with(_other: str) -> Rule:
    """A field that the rule of another one has said already."""
    return lambda _subject, _field: NOTHING


def as_whole_number(name: str) -> Rule:
    """A field whose value the format takes as a whole number only."""

    def rule(subject: Subject, field: str) -> Said:
        value = subject.value(field)
        if value != int(value):
            return unsaid(N_("only whole numbers can stand here"))(subject, field)
        return Said({name: int(value)})

    return rule


def weights_at(name: str) -> Rule:
    """The model, as `from_pretrained` finds it."""

    def rule(subject: Subject, _field: str) -> Said:
        if subject.weights is None:
            why = N_("a configuration without weights: put the model's folder or hub id here")
            return Said({name: STANDS_FOR_A_MODEL}, False, Message(why))
        if subject.weights.startswith("lora_viz/"):
            why = N_("it comes with LoRA Viz: start in the folder of its source")
            return Said({name: subject.weights}, why=Message(why))
        return Said({name: subject.weights})

    return rule


def trainer_optimizer(name: str) -> Rule:
    """The optimizer by transformers' name of it."""

    def rule(subject: Subject, field: str) -> Said:
        known = OPTIMIZERS[subject.value(field)].trainer_name
        if known is None:
            why = Message(N_("%s stands here, as Trainer has no name for it"), USUAL_OPTIMIZER)
            return Said({name: USUAL_OPTIMIZER}, False, why)
        return Said({name: known})

    return rule


def clipping(name: str) -> Rule:
    """The norm to which gradients are scaled down; zero for none."""
    return key(name, lambda is_clipped: 1.0 if is_clipped else 0.0)


def as_peft(value: Any) -> Any:
    """A value as PEFT takes it: several as a list, and an object that is written as JSON as one."""
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, str) and value[:1] in ("[", "{"):
        return json.loads(value)
    if value in ("true", "false"):
        return value == "true"
    return int(value) if isinstance(value, float) and value.is_integer() else value


def usual_rate(scenario: Scenario) -> float:
    """A learning rate to begin with, as Trainer's and QLoRA's authors have it for large models."""
    return 2e-4 if METHODS[scenario.method].trains_adapter else 2e-5


def _means_something(name: str, scenario: Scenario) -> bool:
    if name in OF_ADAPTER:
        return scenario.trains_adapter
    if name == "padding":
        return scenario.packing == "none"  # packed sequences have none
    return scenario.is_quantized or name not in OF_PACKING


def _is_usual(subject: Subject, field: str) -> bool:
    return subject.value(field) == Scenario.model_fields[field].default


# The fields of a training step, for formats that are about other things.
OF_STEP: Table = {
    **dict.fromkeys(
        (
            "batch_size", "seq_len", "padding", "base_dtype", "adapter_dtype", "double_quant",
            "kbit_preparation", "gradient_checkpointing", "attention", "training_loop",
            "mixed_precision", "optimizer", "gradient_accumulation", "gradient_clipping",
        ),
        unsaid(),
    ),
    **dict.fromkeys(("packing", "lengths", "offloading", "loss"), unsaid_unless_usual()),
}  # fmt: skip
# What a file says of a scenario's own data.
OF_DATA: Table = {"lengths": unsaid_but((), why=N_("they are those of the data"))}
# Which card there is no trainer is told.
OF_CARD: Table = {
    **dict.fromkeys(
        ("world_size", "sharding", "cpu_offload", "quant_storage"), unsaid_unless_usual()
    ),
    "gpu": unsaid(),
    "gpu_memory_gb": unsaid_but(0.0),
}
