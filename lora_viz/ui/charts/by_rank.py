"""What of a figure changes with the rank, for all ranks of the slider, as numbers and words.

A browser that knows them draws the figure of another rank by itself. Nothing is guessed: each
figure is drawn here as it will be drawn when the server is asked, and compared with the others.
That takes longer than the page itself, and most readers touch no slider: so a page only says where
a browser finds them, and they are worked out when one asks.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from math import isclose
from typing import TYPE_CHECKING, Any

import streamlit as st

from lora_viz.format import grouped
from lora_viz.ui.kit.controls import RANKS
from lora_viz.ui.serving.later import Later
from lora_viz.ui.session import state

if TYPE_CHECKING:
    import plotly.graph_objects as go

KEPT = "charts:by-rank"
Path = tuple[str | int, ...]
Change = tuple[Path, Any]


@dataclass(frozen=True)
class ByRank:
    """One chart's changes, and by which figures it is known that they still hold.

    `marks` has the figure of one rank, and those of all as soon as the changes are worked out.
    """

    marks: dict[int, str]
    changes: Later


def changes_by_rank(name: str, figure: str, at_rank: Callable[[int], go.Figure]) -> dict[str, str]:
    """Where the browser finds what it needs to draw a chart at each rank of the slider.

    A session keeps the last answer for each chart, and takes it again as long as the figure at the
    rank of the scenario is the same as then.

    Args:
        name: the chart's.
        figure: the figure at the scenario's rank as JSON.
        at_rank: the figure at any rank. It is called after the page's run, in another thread.

    Returns:
        `rank` (as the slider says it) and `address`, where `work_out` answers.
    """
    rank, mark = state.scenario().rank, _mark(figure)
    kept: dict[str, ByRank] = st.session_state.setdefault(KEPT, {})
    known = kept.get(name)
    if known is None or known.marks.get(rank) != mark:
        marks = {rank: mark}
        known = kept[name] = ByRank(marks, Later(partial(work_out, marks, at_rank)))
    return {"rank": grouped(rank), "address": known.changes.address}


def work_out(marks: dict[int, str], at_rank: Callable[[int], go.Figure]) -> dict[str, Any]:
    """What changes between the ranks of the slider, to which those of `marks` belong.

    Adds the mark of the figure at each rank.

    Returns:
        `ranks` (all that the slider can say), `numbers` (the same as numbers) and `changes`: places
        in the figure, each with a value for each rank (None where there is nothing), or with `at0`
        and `each`, where the value at rank r is at0 + each · r.
    """
    texts = {one: at_rank(one).to_json() or "" for one in sorted({*RANKS, *marks})}
    changes = differences([json.loads(text) for text in texts.values()], list(texts))
    marks.update((one, _mark(text)) for one, text in texts.items())
    return {
        "ranks": [grouped(one) for one in texts],
        "numbers": list(texts),
        "changes": changes,
    }


def differences(values: Sequence[Any], ranks: Sequence[int], path: Path = ()) -> list[Change]:
    """The places at which values, one for each rank, are not all the same; the deepest ones.

    Where some ranks have more traces, labels or shapes than others, those of the others are None.
    """
    first = values[0]
    if all(value == first for value in values[1:]):
        return []
    if all(isinstance(value, dict) and value.keys() == first.keys() for value in values):
        inner = {key: [value[key] for value in values] for key in first}
    elif all(isinstance(value, list) for value in values) and _are_alike(values):
        inner = dict(enumerate(map(list, zip_longest(*values))))
    else:
        return [(path, _as_line(values, ranks) or list(values))]
    return [
        change for key, one in inner.items() for change in differences(one, ranks, (*path, key))
    ]


def _are_alike(lists: Sequence[list[Any]]) -> bool:
    """Whether lists can be compared place by place: of one length, or of things, not numbers."""
    are_of_things = all(isinstance(one, dict) for values in lists for one in values)
    return are_of_things or len(set(map(len, lists))) == 1


def _as_line(values: Sequence[Any], ranks: Sequence[int]) -> dict[str, float] | None:
    """`at0` and `each`, if all values are numbers on one line over the rank."""
    if not all(isinstance(value, int | float) for value in values):
        return None
    each = (values[-1] - values[0]) / (ranks[-1] - ranks[0])
    at0 = values[0] - each * ranks[0]
    line = (at0 + each * rank for rank in ranks)
    tolerance = 1e-9 * max(map(abs, values))
    if all(isclose(*pair, abs_tol=tolerance) for pair in zip(values, line, strict=True)):
        return {"at0": at0, "each": each}
    return None


def _mark(figure: str) -> str:
    return hashlib.blake2b(figure.encode(), digest_size=16).hexdigest()
