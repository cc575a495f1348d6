"""The left side of the layer map: the whole model, equal blocks as one box."""

from __future__ import annotations

from dataclasses import dataclass

from lora_viz.figures.kit.literal import as_svg
from lora_viz.figures.kit.svg import arrow_down, button, fitted, number_width, rectangle, text
from lora_viz.figures.layer_map.card import (
    GLYPH,
    LINE_SIZE,
    NAME_SIZE,
    SIGN,
    SMALL_SIZE,
    draw_card,
    make_card,
    written,
)
from lora_viz.format import grouped
from lora_viz.i18n import _
from lora_viz.layer_map.mapped_layer import MappedLayer
from lora_viz.layer_map.tree import BlockGroup, LayerTree, Stack

# pixels
GAP, GROUP_GAP, PADDING, LINE, SHADOW = 13, 6, 7, 15, 3
MOST_SHADOWS = 2
SIZES = {"name": NAME_SIZE, "small": SMALL_SIZE, "line W": LINE_SIZE, "line B": LINE_SIZE}


@dataclass(frozen=True)
class ModelColumn:
    """What was drawn, where it ends, and from where to where the opened block's box goes."""

    svg: str
    bottom: float
    opened: tuple[float, float] | None


@dataclass(frozen=True)
class Slot:
    """Where the next box goes: its left upper corner and its width."""

    left: float
    top: float
    width: float


def draw_column(tree: LayerTree, opened: BlockGroup | None, rank: int, first: Slot) -> ModelColumn:
    """Draw everything from embedding to head below each other, with arrows between."""
    drawing: list[str] = []
    opened_box, before = None, None
    top = first.top
    for item in tree.items:
        drawing.append(_join(before, item, first.left + first.width / 2, top - GAP))
        before = item
        if not isinstance(item, Stack):
            drawn, bottom = _draw_layer(item, rank, Slot(first.left, top, first.width))
            drawing.append(drawn)
            top = bottom + GAP
            continue
        for group in item.groups:
            slot = Slot(first.left, top, first.width)
            lines = _group_lines(tree.family, item, group, rank)
            drawn, bottom = _draw_group(group, lines, group is opened, slot)
            drawing.append(drawn)
            opened_box = (top, bottom) if group is opened else opened_box
            top = bottom + GROUP_GAP
        top += GAP - GROUP_GAP
    return ModelColumn("".join(drawing), top - GAP, opened_box)


def _join(
    before: MappedLayer | Stack | None, item: MappedLayer | Stack, middle: float, top: float
) -> str:
    """What stands between two boxes: embeddings are added up, the rest follows on each other."""
    if before is None:
        return ""
    if not _is_embedding(item):
        return arrow_down(middle, top + 1, GAP - 2)
    if not _is_embedding(before):
        return ""  # a decoder's own input
    sign = "=" if isinstance(item, MappedLayer) and item.layer.tied_to else "+"
    return text(sign, middle, top + GAP - 2, "join", anchor="middle")


def _is_embedding(item: MappedLayer | Stack) -> bool:
    return isinstance(item, MappedLayer) and item.layer.kind == "Embedding"


def _draw_layer(layer: MappedLayer, rank: int, slot: Slot) -> tuple[str, float]:
    if not layer.is_matrix:
        return _draw_small(layer, slot)
    card = make_card(layer, rank)
    flat = card.narrowest_flat <= slot.width
    height = card.height(flat)
    box = (slot.left, slot.top, slot.width, height)
    scale = GLYPH / max(layer.shape[-2:])
    return draw_card(card, box, scale, flat=flat), slot.top + height


def _draw_small(layer: MappedLayer, slot: Slot) -> tuple[str, float]:
    """An embedding or a norm: its name and its shape, on two lines if one is too short."""
    room = slot.width - 2 * PADDING - SIGN
    name, shape = layer.label, written(layer.shape)
    needed = number_width(f"{name} {shape}", LINE_SIZE)
    height, baseline = 2 * PADDING + LINE - 5, slot.top + PADDING + 9
    words = text("❄", slot.left + PADDING, baseline, "sign")
    words += fitted(name, slot.left + PADDING + SIGN, baseline, "line", LINE_SIZE, room)
    if needed <= room:
        right = slot.left + slot.width - PADDING
        words += text(shape, right, baseline, "small", anchor="end")
    elif layer.layer.kind != "norm":
        words += text(shape, slot.left + PADDING + SIGN, baseline + LINE - 2, "small")
        height += LINE - 2
    face = rectangle((slot.left, slot.top, slot.width, height), "face")
    title = f"<title>{as_svg(layer.layer.name)} {shape}</title>"
    return f"<g>{title}{face}{words}</g>", slot.top + height


def _group_lines(family: str, stack: Stack, group: BlockGroup, rank: int) -> list[tuple[str, str]]:
    """What is written in the box of a group, with the style of each line."""
    count = {"count": len(group.names), "family": family}
    trained = group.first.trainable_parameters(rank)
    return [
        (_("%(count)s × %(family)s block") % count, "name"),
        (place(stack, group), "small"),
        (f"❄ {grouped(group.first.parameters)}", "line W"),
        (f"🔥 {grouped(trained)}", "line B" if trained else "small"),
    ]


def _draw_group(
    group: BlockGroup, lines: list[tuple[str, str]], is_opened: bool, slot: Slot
) -> tuple[str, float]:
    """A box for equal blocks, with others behind it if there are several."""
    shadows = min(len(group.names) - 1, MOST_SHADOWS)
    width, height = slot.width - shadows * SHADOW, 2 * PADDING + len(lines) * LINE - 3
    inside = ""
    for number in range(shadows, -1, -1):
        box = (slot.left + number * SHADOW, slot.top + number * SHADOW, width, height)
        inside += rectangle(box, "ground") + rectangle(box, "face front" if not number else "face")
    room = width - 2 * PADDING
    for number, (words, style) in enumerate(lines):
        baseline = slot.top + PADDING + 10 + number * LINE
        inside += fitted(words, slot.left + PADDING, baseline, style, SIZES[style], room)
    adapted = " adapted" if group.first.trained else ""
    drawn = button(
        inside,
        f"group{adapted}{' opened' if is_opened else ''}",
        _("Open block %s") % group.names[0],
        aria_pressed="true" if is_opened else "false",
        data_block=group.names[0],
    )
    return drawn, slot.top + height + shadows * SHADOW


def place(stack: Stack, group: BlockGroup) -> str:
    """The blocks of a group: `transformer.h.0–11`; of a long name the end."""
    numbers = [int(name.rpartition(".")[2]) for name in group.names]
    return f"{'.'.join(stack.name.split('.')[-2:])}.{ranges(numbers)}"


def ranges(numbers: list[int], most: int = 3) -> str:
    """[0, 1, 2, 5] → "0–2, 5"; what is beyond `most` ranges is left out, with "…"."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][-1] + 1:
            found[-1][1:] = [number]
        else:
            found.append([number])
    words = ["–".join(str(end) for end in ends) for ends in found[:most]]
    return ", ".join(words + ["…"] * (len(found) > most))
