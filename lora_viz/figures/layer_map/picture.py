"""A whole model from embedding to head, with one of its blocks opened, as an SVG drawing."""

from __future__ import annotations

from dataclasses import dataclass

from lora_viz.figures.kit.svg import SvgDrawing, framed, polygon
from lora_viz.figures.layer_map.block import BlockWords, draw_block
from lora_viz.figures.layer_map.column import Slot, draw_column
from lora_viz.figures.layer_map.style import STYLE
from lora_viz.layer_map.tree import LayerTree

# pixels
EDGE, COLUMN_SHARE, COLUMN_GAP, NARROW = 1, 0.245, 12, 450


@dataclass(frozen=True)
class MapSettings:
    """What the picture shows of a scenario: the rank, and the input's size."""

    rank: int
    batch_size: int
    seq_len: int


def layer_map_svg(tree: LayerTree, opened: str, settings: MapSettings, width: int) -> SvgDrawing:
    """Draw the map for a width in pixels: the model on the left, the opened block on the right;
    where that is too narrow, the block below the model.

    Boxes are not to scale; the small rectangles in them are W, to one scale within the block.
    Elements with `data-kind` or `data-block` are made to be pressed.
    """
    narrow = width < NARROW
    column_width = width - 2 * EDGE if narrow else round(width * COLUMN_SHARE)
    group = tree.group_of(opened)
    column = draw_column(tree, group, settings.rank, Slot(EDGE, EDGE, column_width))
    drawing, height = [column.svg], column.bottom
    if group:
        block = group.block(opened)
        left = EDGE if narrow else EDGE + column_width + COLUMN_GAP
        top = column.bottom + COLUMN_GAP if narrow else EDGE
        words = BlockWords(
            settings.rank,
            settings.batch_size,
            settings.seq_len,
            len(group.names),
            tree.is_parallel,
        )
        panel, bottom = draw_block(block, words, (left, top), width - EDGE - left)
        drawing.append(panel)
        height = max(height, bottom)
        if not narrow and column.opened:
            box_top, box_bottom = column.opened
            right = EDGE + column_width
            corners = [(right, box_top), (left, top), (left, bottom), (right, box_bottom)]
            drawing.insert(0, polygon(corners, "zoom"))
    return framed("".join(drawing), STYLE, (width, height + EDGE))
