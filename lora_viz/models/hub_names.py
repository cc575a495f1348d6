"""Which names on the hub mean a model of the catalogue: the same layers, perhaps other weights.

Nothing is asked of the hub for them, which matters where it is out of reach or gated.
"""

from __future__ import annotations

import re
from functools import cache

from lora_viz.models.catalogue import catalogue, default_targets
from lora_viz.models.known_names import known_model

# Those who publish the same models under names of their own, and what they made other layers of
MIRRORS = ("unsloth", "nousresearch")
OTHER_LAYERS = ("unsloth/phi-4",)  # as a Llama, with the parts of each fused layer apart
# What a name says of weights, of training and of packing, but not of layers
OF_WEIGHTS = re.compile(
    r"[-_](?:unsloth|bnb[-_]4bit|instruct|chat|hf|it|base|intermediate[-_]step[-_]\w+)(?![a-z0-9])"
)
FOUR_BITS = re.compile(r"[-_]bnb[-_]4bit$", re.IGNORECASE)


def catalogue_key(name: str) -> str | None:
    """The key of the catalogue's model with the layers of this one; None if there is none.

    Args:
        name: a key of the catalogue, a name there, a hub id, or the last part of one.
    """
    if known_model(name) in catalogue():
        return known_model(name)
    owner, _slash, last = name.strip().rpartition("/")
    if f"{owner}/{_plain(last)}".lower() in OTHER_LAYERS:
        return None
    key = _by_plain_name().get(_plain(last))
    if key is None:
        return None
    own = catalogue()[key].hub_id.partition("/")[0].lower()
    return key if owner.lower() in ("", own, *MIRRORS) else None


def usual_targets(name: str) -> tuple[str, ...]:
    """The usual target modules of a model, also of one with the layers of the catalogue's."""
    return default_targets(catalogue_key(name) or name)


def is_packed(name: str) -> bool:
    """Whether a name says that the weights are packed into 4 bits by bitsandbytes."""
    return bool(FOUR_BITS.search(name))


@cache
def _by_plain_name() -> dict[str, str]:
    names = {}
    for key, entry in catalogue().items():
        names.setdefault(_plain(entry.name), key)
        if entry.hub_id:
            names.setdefault(_plain(entry.hub_id.rpartition("/")[2]), key)
    return names


def _plain(last: str) -> str:
    """`Meta-Llama-3.1-8B-Instruct-bnb-4bit` → `llama-3.1-8b`"""
    return OF_WEIGHTS.sub("", last.lower().removeprefix("meta-"))
