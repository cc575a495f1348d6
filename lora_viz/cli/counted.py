"""The answer of `count` as text: PEFT's line, and below it a row for each kind of layer."""

from __future__ import annotations

import inspect
from collections import Counter
from typing import Annotated, Any
from unicodedata import east_asian_width

import typer

from lora_viz.adapter.counts import peft_line
from lora_viz.format import grouped
from lora_viz.i18n import _
from lora_viz.models.architecture import module_type

Row = tuple[str, ...]
EVERY_LAYER = inspect.Parameter(
    "layers",
    inspect.Parameter.KEYWORD_ONLY,
    default=False,
    annotation=Annotated[
        bool, typer.Option("--layers", help="A row for every layer, not for every kind of layer.")
    ],
)
GAP = "  "


def count_as_text(answer: dict[str, Any], layers: bool = False) -> str:
    """The line that PEFT prints, and a table of what is trained.

    Args:
        answer: what `reports.count` answers.
        layers: whether each layer has a row of its own.
    """
    line = peft_line(answer["trainable_parameters"], answer["total_parameters_with_adapter"])
    table = _aligned(_layers(answer), names=0) if layers else _aligned(_kinds(answer), names=1)
    return "\n".join([line, *table])


def _kinds(answer: dict[str, Any]) -> list[Row]:
    """Layers of one name and shape in one row, with how many there are and what they come to."""
    alike = Counter(
        (module_type(name), sizes, parameters) for name, sizes, parameters in _parts(answer)
    )
    return [(_("layers"), _("kind"), _("in → out"), _("each"), _("all"))] + [
        (grouped(number), kind, sizes, grouped(parameters), grouped(number * parameters))
        for (kind, sizes, parameters), number in alike.items()
    ]


def _layers(answer: dict[str, Any]) -> list[Row]:
    return [(_("layer"), _("in → out"), _("parameters"))] + [
        (name, sizes, grouped(parameters)) for name, sizes, parameters in _parts(answer)
    ]


def _parts(answer: dict[str, Any]) -> list[tuple[str, str, int]]:
    """Name, size and trained parameters of each layer."""
    adapted = [
        (
            module["name"],
            f"{grouped(module['in_features'])} → {grouped(module['out_features'])}",
            module["parameters"],
        )
        for module in answer["modules"]
    ]
    further = [
        (layer["name"], words, layer["parameters"])
        for part, words in (("trained_in_full", _("in full")), ("trained_tokens", _("some tokens")))
        for layer in answer[part]
    ]
    return adapted + further


def _aligned(rows: list[Row], names: int) -> list[str]:
    """Columns as wide as their widest cell; that of `names` begins, all others end alike."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    return [
        GAP.join(
            cell + _room(cell, width) if place == names else _room(cell, width) + cell
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _room(cell: str, width: int) -> str:
    return " " * (width - _width(cell))


def _width(words: str) -> int:
    """How many places a terminal gives to words: two to a letter of Korean."""
    return sum(1 + (east_asian_width(letter) in "WF") for letter in words)
