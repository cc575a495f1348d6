"""The right side of the layer map: one block with every layer, in the order of its computation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lora_viz.figures.kit.svg import (
    arrow_down,
    arrow_right,
    fitted,
    number_width,
    rectangle,
    text,
    text_width,
)
from lora_viz.figures.layer_map.card import (
    GLYPH,
    NAME_SIZE,
    SMALL_SIZE,
    Card,
    draw_card,
    make_card,
    written,
)
from lora_viz.format import grouped
from lora_viz.i18n import _
from lora_viz.layer_map.block_parts import Part, PartRole
from lora_viz.layer_map.tree import Block

# pixels
PADDING, GAP, ARROW, TITLE, BAND, SMALL_LINE = 7, 6, 18, 22, 22, 14
FLOW_GAP, NOTE_SIZE = 8, 11


@dataclass(frozen=True)
class BlockWords:
    """What is written next to the layers; `equal_blocks` counts the block itself too."""

    rank: int
    batch_size: int
    seq_len: int
    equal_blocks: int
    is_parallel: bool


def draw_block(
    block: Block, words: BlockWords, corner: tuple[float, float], width: float
) -> tuple[str, float]:
    """Draw a block at a corner in a frame of this width; returns it and where it ends."""
    left, top = corner
    middle = left + width / 2
    inner = (left + PADDING, width - 2 * PADDING)
    size = f"{words.batch_size} × {grouped(words.seq_len)} × {grouped(block.width)}"
    equal = _equal(words.equal_blocks)
    room = inner[1] - text_width(equal, NOTE_SIZE) - GAP
    drawing = [
        fitted(block.name, inner[0], top + 17, "name", NAME_SIZE, room),
        _at_right(left + width - PADDING, top + 17, equal),
    ]
    y = top + 26
    drawing += [arrow_down(middle, y, ARROW), _beside(middle, y, _("input %s") % size)]
    y += ARROW + 2
    scale = GLYPH / max((size for layer in block.layers for size in layer.shape[-2:]), default=1)
    for number, part in enumerate(block.parts):
        drawn, bottom = _draw_part(part, words.rank, scale, inner, y)
        is_last = number == len(block.parts) - 1
        note = _("+ residual") if is_last or not words.is_parallel else _("same input for both")
        drawing += [drawn, arrow_down(middle, bottom + 2, ARROW), _beside(middle, bottom + 2, note)]
        y = bottom + ARROW + 4
    drawing.append(_at_right(middle - 10, y - ARROW + 11, _("output %s") % size))
    for line in _small_lines(block, inner[1]):
        y += SMALL_LINE
        drawing.append(text(line, inner[0], y - 2, "small"))
    bottom = y + PADDING - 2
    return rectangle((left, top, width, bottom - top), "panel") + "".join(drawing), bottom


def _equal(blocks: int) -> str:
    return _("one of %s equal blocks") % blocks if blocks > 1 else _("no other block is the same")


def _at_right(right: float, baseline: float, words: str) -> str:
    return text(words, right, baseline, "small-text", anchor="end")


def _beside(x: float, top: float, words: str) -> str:
    """A note next to an arrow."""
    return text(words, x + 10, top + 13, "small-text")


def _draw_part(
    part: Part, rank: int, scale: float, inner: tuple[float, float], top: float
) -> tuple[str, float]:
    left, width = inner
    space = (left + PADDING, width - 2 * PADDING)
    drawing = [text(part_title(part.role), space[0], top + 16, "title")]
    if not part.is_adapted:
        note = _("no LoRA in this configuration")
        drawing.append(_at_right(left + width - PADDING, top + 16, note))
    drawn, y = _draw_layers(part, rank, scale, space, top + TITLE)
    bottom = y + PADDING
    frame = rectangle((left, top, width, bottom - top), "part")
    return frame + "".join(drawing) + drawn, bottom


def _draw_layers(
    part: Part, rank: int, scale: float, space: tuple[float, float], top: float
) -> tuple[str, float]:
    """A part's matrices and, between those of an attention, what is computed without weights."""
    inputs = [make_card(layer, rank) for layer in part.inputs]
    outputs = [make_card(layer, rank) for layer in part.outputs]
    is_attention = "attention" in part.role
    all_cards = inputs + outputs
    if outputs and not is_attention and _columns(all_cards, space[1]) == len(all_cards):
        return _draw_in_line(inputs, outputs, scale, space, top)
    drawing, y = _draw_rows(inputs, scale, space, top)
    if is_attention:
        drawn, y = _draw_computation(space, y)
        drawing += drawn
    if outputs:
        middle = space[0] + space[1] / 2
        drawing += arrow_down(middle, y + 2, ARROW - 4)
        drawing += _beside(middle, y - 0.5, _("output projection")) if is_attention else ""
        drawn, y = _draw_rows(outputs, scale, space, y + ARROW)
        drawing += drawn
    return drawing, y


def part_title(role: PartRole) -> str:
    """What a part of a block is called."""
    return {
        "attention": _("Multi-head attention"),
        "cross_attention": _("Attention to the encoder"),
        "feed_forward": _("Feed forward"),
        "other": _("Other layers"),
    }[role]


def _draw_computation(space: tuple[float, float], top: float) -> tuple[str, float]:
    """Between the projections: attention itself, which has no weights."""
    left, width = space
    band = top + ARROW
    words = _("Attention computation (no weights, no LoRA here)")
    drawn = arrow_down(left + width / 2, top + 2, ARROW - 4)
    drawn += _beside(left + width / 2, top - 0.5, "Q, K, V")
    drawn += rectangle((left, band, width, BAND), "computation")
    drawn += text(words, left + width / 2, band + 15, "small-text", anchor="middle")
    return drawn, band + BAND


def _draw_rows(
    cards: Sequence[Card], scale: float, space: tuple[float, float], top: float
) -> tuple[str, float]:
    """Cards side by side, in the rows that they need."""
    left, width = space
    columns = _columns(cards, width)
    drawing: list[str] = []
    for start in range(0, len(cards), columns):
        row = cards[start : start + columns]
        drawn, top = _draw_row(row, scale, (left, width), top, gap=GAP)
        drawing.append(drawn)
        top += GAP
    return "".join(drawing), top - GAP


def _draw_row(
    row: Sequence[Card], scale: float, space: tuple[float, float], top: float, gap: float
) -> tuple[str, float]:
    left, width = space
    each = (width - gap * (len(row) - 1)) / len(row)
    flat = all(card.narrowest_flat <= each for card in row)
    height = max(card.height(flat) for card in row)
    drawn = "".join(
        draw_card(card, (left + number * (each + gap), top, each, height), scale, flat=flat)
        for number, card in enumerate(row)
    )
    return drawn, top + height


def _draw_in_line(
    inputs: list[Card], outputs: list[Card], scale: float, space: tuple[float, float], top: float
) -> tuple[str, float]:
    """All cards in one row, with an arrow to those that give the output."""
    cards = inputs + outputs
    gap = FLOW_GAP
    drawn, bottom = _draw_row(cards, scale, space, top, gap)
    each = (space[1] - gap * (len(cards) - 1)) / len(cards)
    start = space[0] + len(inputs) * each + (len(inputs) - 1) * gap
    return drawn + arrow_right(start + 1, (top + bottom) / 2, gap - 2), bottom


def _columns(cards: Sequence[Card], width: float) -> int:
    """How many cards fit in a row, with all rows about as full."""
    narrowest = max(card.narrowest for card in cards)
    fit = max(1, int((width + FLOW_GAP) // (narrowest + FLOW_GAP)))
    rows = -(-len(cards) // fit)
    return -(-len(cards) // rows)


def _small_lines(block: Block, width: float) -> list[str]:
    """Norms and what else is small, and trained biases, in lines of this width."""
    pieces = [
        "❄ "
        + (f"{layer.copies} × " if layer.copies > 1 else "")
        + f"{layer.label} {written(layer.shape)}"
        for layer in block.small
    ]
    biases = sum(tensor.values(1) for tensor in block.trained if tensor.role == "bias")
    if biases:
        pieces.append("🔥 " + _("%s biases") % grouped(biases))
    lines: list[str] = []
    for piece in pieces:
        longer = f"{lines[-1]} · {piece}" if lines else piece
        if lines and number_width(longer, SMALL_SIZE) <= width:
            lines[-1] = longer
        else:
            lines.append(piece)
    return lines
