"""Saved files as bars whose lengths are true to scale, with a magnifier for the adapter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import floor, log10
from typing import Any

import plotly.graph_objects as go

from lora_viz.checkpoint.parts import CheckpointSizes, FilePart, PartRole
from lora_viz.costs.many_tasks import TaskStorage
from lora_viz.figures.kit.base import Drawing, add_words
from lora_viz.figures.kit.colours import DARK_INK, NEUTRAL, Meaning, colour, pattern, translucent
from lora_viz.format import DECIMAL_UNITS, THIN_SPACE, grouped, size
from lora_viz.i18n import _, plural

ROW, HEADING, BAR = 66, 22, 38  # pixels: a heading with its bar below it
AXIS, AXIS_TITLE, TOP = 26, 26, 2
MOST_COPIES = 60
HAIRLINE_BELOW = 0.01  # of the axis: a piece that is too thin for an outline and a name
BRIGHT: tuple[Meaning, ...] = ("A", "magnitude")
ROLE_MEANINGS: dict[PartRole, Meaning] = {
    "A": "A",
    "B": "B",
    "magnitude": "magnitude",
    "bias": "bias",
    "weight": "frozen",
    "tokens": "module_to_save",
    "module_to_save": "module_to_save",
}


@dataclass(frozen=True)
class FilePiece:
    """A part of a bar: its name, its bytes, what it means (None for a file's own overhead).

    A `hinted` one is pale and nameless: it is not part of what the bar's heading counts.
    """

    name: str
    bytes: float
    meaning: Meaning | None
    hinted: bool = False


@dataclass(frozen=True)
class Row:
    """A bar of pieces end to end with a heading; a zoomed one is drawn that many times longer.

    `total` is the number next to the heading; without one it is the sum of the pieces.
    """

    heading: str
    pieces: Sequence[FilePiece]
    zoom: int = 1
    total: str | None = None

    @property
    def bytes(self) -> float:
        """What the pieces add up to."""
        return sum(piece.bytes for piece in self.pieces)


def one_run_figure(sizes: CheckpointSizes) -> go.Figure:
    """What one run saves, by full fine-tuning and with an adapter, which is drawn magnified too."""
    model = FilePiece(_("Full model file"), sizes.model, "update")
    state = FilePiece(_("Optimizer state"), sizes.model_state, "optimizer")
    full = Row(_("Full fine-tuning"), [model, state])
    lora = Row(_("LoRA, to the same scale"), adapter_run(sizes.adapter_parts, sizes.adapter_state))
    longest = max(full.bytes, lora.bytes)
    zoom = magnification(longest, lora.bytes)
    if zoom == 1:
        return _bar_chart([full, lora], longest).figure()
    lens = Row(_("LoRA, magnified %s ×") % grouped(zoom), lora.pieces, zoom, total="")
    drawing = _bar_chart([full, lora, lens], longest)
    _add_lens(drawing, lora.bytes, zoom)
    drawing.update_layout(
        height=drawing.layout["height"] + AXIS_TITLE, margin={"b": AXIS + AXIS_TITLE}
    )
    title = {"text": _("scale of the two upper bars"), "font": {"size": 12}, "standoff": 10}
    drawing.update_xaxes(title=title)
    return drawing.figure()


def tasks_figure(storage: TaskStorage, adapter_parts: Sequence[FilePart]) -> go.Figure:
    """A full model for each task above one base with an adapter for each, on one axis."""
    tasks = {"tasks": grouped(storage.tasks)}
    full = Row(
        plural("%(tasks)s full model", "%(tasks)s full models", storage.tasks) % tasks,
        [
            *_copies([FilePiece(_("Fine-tuned"), storage.base, "update")], storage.tasks),
            FilePiece(_("Base model"), storage.base, "frozen", hinted=True),
        ],
        total=size(storage.full_models),
    )
    shared = Row(
        plural(
            "❄ One base, 🔥 %(tasks)s adapter", "❄ One base, 🔥 %(tasks)s adapters", storage.tasks
        )
        % tasks,
        [
            FilePiece(_("Base model"), storage.base, "frozen"),
            *_copies(file_pieces(adapter_parts), storage.tasks),
        ],
    )
    return _bar_chart([full, shared], max(full.bytes, shared.bytes)).figure()


def training_checkpoint_figure(
    adapter_parts: Sequence[FilePart], adapter_state: int, quoted_mib: float
) -> go.Figure:
    """One adapter's file and optimizer state on an axis in MiB, with a line at a quoted size."""
    row = Row(_("Adapter file and AdamW state"), adapter_run(adapter_parts, adapter_state))
    quoted = quoted_mib * 2**20
    drawing = _bar_chart([row], max(row.bytes, quoted) * 1.02)
    ticks = range(0, int(row.bytes), 2 * 2**20)
    drawing.update_xaxes(tickvals=list(ticks), ticktext=_in_unit(ticks, 2**20, "MiB"))
    line = {"color": NEUTRAL, "width": 2, "dash": "dot"}
    drawing.add_shape(type="line", x0=quoted, x1=quoted, y0=HEADING, y1=ROW, line=line)
    return drawing.figure()


def adapter_run(parts: Sequence[FilePart], state: int) -> list[FilePiece]:
    """The adapter's file by part, then its optimizer state."""
    return [*file_pieces(parts), FilePiece(_("Optimizer state"), state, "optimizer")]


def file_pieces(parts: Iterable[FilePart]) -> list[FilePiece]:
    """The parts of an adapter file as pieces of a bar."""
    names: dict[PartRole, str] = {
        "A": "A",
        "B": "B",
        "magnitude": _("DoRA's magnitudes"),
        "bias": _("Biases"),
        "weight": _("Embeddings saved with it"),
        "tokens": _("Rows of trained tokens"),
        "module_to_save": _("Modules trained in full"),
        "header": _("Header of the file"),
    }
    return [FilePiece(names[part.role], part.bytes, ROLE_MEANINGS.get(part.role)) for part in parts]


def magnification(axis: float, length: float) -> int:
    """A round factor that makes a bar nearly as long as the axis; 1 if it is nearly so already."""
    possible = axis / length
    if possible < 2:
        return 1
    step = 10 ** max(0, floor(log10(possible)) - 1)
    return floor(possible / step) * step


def _copies(pieces: list[FilePiece], number: int) -> list[FilePiece]:
    """The pieces, once for each copy while copies can be told apart, else each as long as all."""
    if number > MOST_COPIES:
        return [
            FilePiece(f"{grouped(number)} × {piece.name}", piece.bytes * number, piece.meaning)
            for piece in pieces
        ]
    return pieces * number


def _bar_chart(rows: Sequence[Row], longest: float) -> Drawing:
    """The rows below each other on one axis that starts at 0 and ends at `longest` bytes."""
    drawing = Drawing(len(rows) * ROW + AXIS + TOP)
    step = min(int(log10(longest)) // 3, len(DECIMAL_UNITS) - 1)
    ticks = _round_ticks(longest)
    drawing.update_layout(
        barmode="overlay",
        dragmode=False,
        margin={"l": 4, "r": 4, "t": TOP, "b": AXIS},
        hovermode="closest",
        uniformtext={"minsize": 12, "mode": "hide"},  # a name without room is left to the hover
    )
    drawing.update_xaxes(
        range=[0, longest],
        fixedrange=True,
        showgrid=False,
        zeroline=False,
        ticks="outside",
        tickvals=ticks,
        ticktext=_in_unit(ticks, 1000**step, DECIMAL_UNITS[step]),
        tickfont={"size": 12},
    )
    drawing.update_yaxes(visible=False, range=[len(rows) * ROW, 0], fixedrange=True)
    for number, row in enumerate(rows):
        _add_row(drawing, row, number * ROW, longest)
    return drawing


def _add_row(drawing: Drawing, row: Row, top: float, longest: float) -> None:
    total = size(row.bytes) if row.total is None else row.total
    middle = top + HEADING / 2
    add_words(drawing, row.heading, (0, middle), anchor="left")
    add_words(drawing, f"<b>{total}</b>", (longest, middle), number=True, anchor="right")
    lengths = [piece.bytes * row.zoom for piece in row.pieces]
    is_wide = [length >= HAIRLINE_BELOW * longest for length in lengths]
    drawing.add_bar(
        orientation="h",
        base=list(accumulate(lengths, initial=0))[:-1],
        x=lengths,
        y=[top + HEADING + BAR / 2] * len(lengths),
        width=BAR,
        marker=_marker(row.pieces, is_wide),
        text=[
            f"{piece.name}<br>{size(piece.bytes)}" if wide and not piece.hinted else ""
            for piece, wide in zip(row.pieces, is_wide, strict=True)
        ],
        textposition="inside",
        insidetextanchor="middle",
        insidetextfont={
            "size": 12,
            "color": [DARK_INK if piece.meaning in BRIGHT else "#FFFFFF" for piece in row.pieces],
        },
        textangle=0,
        hovertext=[
            f"{piece.name}<br>{size(piece.bytes)} = {grouped(round(piece.bytes))} B"
            for piece in row.pieces
        ],
        hoverinfo="text",
    )


def _marker(pieces: Sequence[FilePiece], is_wide: Sequence[bool]) -> dict[str, Any]:
    """Colours and hatching; the pieces that are no hairlines have an outline."""
    return {
        "color": [_fill(piece) for piece in pieces],
        "line": {"width": [int(wide) for wide in is_wide], "color": "rgba(255,255,255,0.7)"},
        "pattern": {
            "shape": [pattern(piece.meaning) if piece.meaning else "" for piece in pieces],
            "fillmode": "overlay",
            "fgcolor": "#FFFFFF",
            "fgopacity": 0.25,
            "size": 8,
            "solidity": 0.2,
        },
    }


def _fill(piece: FilePiece) -> str:
    if piece.meaning is None:
        return NEUTRAL
    return translucent(piece.meaning, 0.3) if piece.hinted else colour(piece.meaning)


def _add_lens(drawing: Drawing, length: float, zoom: int) -> None:
    """Shade what lies between the second row's bar and the third's, which is magnified."""
    top, bottom = ROW + HEADING + BAR, 2 * ROW + HEADING
    path = f"M 0 {top} L {length} {top} L {length * zoom} {bottom} L 0 {bottom} Z"
    drawing.add_shape(
        type="path", path=path, fillcolor=NEUTRAL, opacity=0.2, line={"width": 0}, layer="below"
    )


def _in_unit(ticks: Iterable[float], factor: int, unit: str) -> list[str]:
    """Each tick with the unit; a bare 0, as there is no room for more left of the axis."""
    return [f"{tick / factor:,g}{THIN_SPACE}{unit}" if tick else "0" for tick in ticks]


def _round_ticks(longest: float) -> list[float]:
    """Up to six round values from 0 on, none so near the axis' end that its words were cut off."""
    rough = longest / 5
    power = 10 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    return [step * number for number in range(int(0.95 * longest / step) + 1)]
