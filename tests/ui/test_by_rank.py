"""What a chart says of other ranks, put into its figure, is the figure at those ranks."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from lora_viz.figures.decomposition_shapes import decomposition_figure
from lora_viz.ui.charts.by_rank import differences

RANKS = (1, 8, 64, 512)  # with and without a magnifier, whose traces come and go


def put_in(figure: dict[str, Any], changes: list[Any], place: int) -> dict[str, Any]:
    """The figure at another rank, as a browser makes it."""
    made = deepcopy(figure)
    for path, values in changes:
        owner = made
        for key in path[:-1]:
            owner = owner[key]
        is_line = isinstance(values, dict)
        value = values["at0"] + values["each"] * RANKS[place] if is_line else values[place]
        if isinstance(owner, list) and path[-1] >= len(owner):
            owner.append(value)
        else:
            owner[path[-1]] = value
    lists = [(made, "data"), (made["layout"], "annotations"), (made["layout"], "shapes")]
    for owner, name in lists:
        owner[name] = [one for one in owner.get(name, ()) if one is not None]
    return made


@pytest.mark.parametrize("start", range(len(RANKS)))
def test_changes_make_the_figure_of_every_rank(start: int) -> None:
    texts = [decomposition_figure(768, 768, rank, 4).to_json() or "" for rank in RANKS]
    figures = [json.loads(text) for text in texts]
    changes = differences(figures, RANKS)
    for place, figure in enumerate(figures):
        made = put_in(figures[start], changes, place)
        figure["layout"].setdefault("shapes", [])
        assert _rounded(made) == _rounded(figure)


def _rounded(value: Any) -> Any:
    """Plain data, its numbers up to their last digits."""
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    if isinstance(value, list):
        return [*map(_rounded, value)]
    return round(value, 9) if isinstance(value, float) else value
