"""The parts of a block: which of its matrices attention uses, which the feed-forward network.

A configuration does not say it, so it is read from the names that the model families in
transformers use.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from lora_viz.layer_map.mapped_layer import MappedLayer

PartRole = Literal["attention", "cross_attention", "feed_forward", "other"]
PART_NAMES: tuple[tuple[PartRole, re.Pattern[str]], ...] = (
    ("cross_attention", re.compile(r"encdec|cross_?att|encoder_att", re.IGNORECASE)),
    ("attention", re.compile(r"att(n|ention)", re.IGNORECASE)),
    (
        "feed_forward",
        re.compile(r"mlp|ff|feed|fc\d?|dense|intermediate|output|lin\d|expert|moe", re.IGNORECASE),
    ),
)
OUTPUTS: dict[PartRole, re.Pattern[str]] = {
    "attention": re.compile(r"(^|\.)(c_proj|o_proj|out_proj|out_lin|dense|o|wo|proj)$"),
    "feed_forward": re.compile(
        r"(^|\.)(c_proj|down_proj|out_proj|dense_4h_to_h|fc2|fc_out|lin2|w2|wo|output\.dense)$"
    ),
}
OUTPUTS["cross_attention"] = OUTPUTS["attention"]


@dataclass(frozen=True)
class Part:
    """Matrices that take the part's input, and after them those that give its output.

    Between the two stands a computation without weights: attention, an activation function.
    """

    role: PartRole
    inputs: tuple[MappedLayer, ...]
    outputs: tuple[MappedLayer, ...]

    @property
    def is_adapted(self) -> bool:
        """Whether any of its layers has an adapter."""
        return any(layer.adapters for layer in (*self.inputs, *self.outputs))


def divide_into_parts(layers: Sequence[MappedLayer]) -> tuple[Part, ...]:
    """Attention, then attention to the encoder, then the feed-forward network, then the rest."""
    roles: dict[PartRole, list[MappedLayer]] = {
        "attention": [],
        "cross_attention": [],
        "feed_forward": [],
        "other": [],
    }
    for layer in layers:
        roles[_role(layer.kind)].append(layer)
    return tuple(_part(role, inside) for role, inside in roles.items() if inside)


def _role(kind: str) -> PartRole:
    for role, names in PART_NAMES:
        if names.search(kind):
            return role
    return "other"


def _part(role: PartRole, layers: list[MappedLayer]) -> Part:
    names = OUTPUTS.get(role)
    outputs = tuple(layer for layer in layers if names and names.search(layer.kind))
    if len(outputs) == len(layers):
        return Part(role, outputs, ())
    return Part(role, tuple(layer for layer in layers if layer not in outputs), outputs)
