"""What people call a model and a method."""

from __future__ import annotations

from lora_viz.choices.methods import METHODS
from lora_viz.choices.scenario import Scenario
from lora_viz.choices.several_cards import SHARDINGS
from lora_viz.figures.kit.literal import visible
from lora_viz.format import grouped
from lora_viz.i18n import _
from lora_viz.models.architecture import Architecture
from lora_viz.models.catalogue import catalogue
from lora_viz.models.source import parse_custom

LONGEST_NAME = 200
SHOWN_OF_HASH = 4  # which of several uploads it is


def method_name(method: str) -> str:
    """A method as the reader calls it. Raises `KeyError` for a name that is no method's."""
    return _(METHODS[method].label)


def model_name(model: str) -> str:
    """A model as people call it: its catalogue name, or what was typed."""
    entry = catalogue().get(model)
    if entry:
        return entry.name
    if model.startswith("upload:"):
        return _("Uploaded config.json (%s)") % model.removeprefix("upload:")[:SHOWN_OF_HASH]
    return _("Custom GPT-2") if parse_custom(model) else visible(model, LONGEST_NAME)


def architecture_name(of: Architecture) -> str:
    """The model whose layers these are: its name, or what kind of model of the reader's own."""
    if of.kind == "custom":
        return _("Custom GPT-2")
    if of.kind == "uploaded":
        return _("Uploaded %s model") % of.model_type
    return of.name


def sharding_name(sharding: str) -> str:
    """A way to train on several cards as its authors write it."""
    return SHARDINGS[sharding].label


def cards_name(scenario: Scenario) -> str:
    """How many cards share a step, and how: "4 cards, FSDP2"."""
    return _("%(count)s cards, %(sharding)s") % {
        "count": grouped(scenario.world_size),
        "sharding": SHARDINGS[scenario.sharding].label,
    }


def step_name(scenario: Scenario) -> str:
    """What one training step is of: the model, how it is trained, its batch, format and loop."""
    parts = [_step_of_one_card(scenario), scenario.base_dtype, loop_name(scenario)]
    if scenario.world_size > 1:
        parts.append(cards_name(scenario))
    return " · ".join(parts)


def _step_of_one_card(scenario: Scenario) -> str:
    return _("%(model)s · %(method)s · r = %(rank)s · batch %(batch)s × %(length)s") % {
        "model": model_name(scenario.model),
        "method": method_name(scenario.method),
        "rank": scenario.rank,
        "batch": grouped(scenario.batch_size),
        "length": grouped(scenario.seq_len),
    }


def loop_name(scenario: Scenario) -> str:
    """The training loop, with the mixed precision that it runs in: "Trainer, bf16"."""
    loop = {"plain": _("plain loop"), "trainer": _("Trainer")}[scenario.loop]
    return loop if scenario.autocast == "none" else f"{loop}, {scenario.autocast}"


def run_name(name: str) -> str:
    """What a run is called in a list; those that ship are said to."""
    return {
        "~lora": _("shipped: LoRA, r = 8"),
        "~full": _("shipped: full fine-tuning"),
    }.get(name, name)
