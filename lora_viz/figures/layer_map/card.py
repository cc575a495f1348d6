"""One layer as a card: its name, W as it is written and as it is stored, A and B if it has them."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from lora_viz.adapter.layout import TensorRole
from lora_viz.figures.kit.svg import Box, button, fitted, number_width, rectangle, text, text_width
from lora_viz.format import grouped
from lora_viz.i18n import _
from lora_viz.layer_map.mapped_layer import MappedLayer

# pixels
PADDING, NAME_SIZE, LINE_SIZE, SMALL_SIZE, LINE, SIGN = 6, 12, 11, 10, 15, 15
GLYPH, GLYPH_GAP = 22, 4
MOST_SQUEEZED = 0.85
ROLES: dict[TensorRole, str] = {"A": "A", "B": "B", "magnitude": "m"}


@dataclass(frozen=True)
class Card:
    """A layer with the words of its card.

    `notes` say how W is stored, of how many experts, and what it is tied to; `adapter` are each
    tensor's role and shape.
    """

    layer: MappedLayer
    name: str
    weight: str
    notes: tuple[str, ...]
    adapter: tuple[tuple[TensorRole, str], ...]

    @property
    def is_adapted(self) -> bool:
        """Whether the layer has an A and a B."""
        return bool(self.adapter)

    @property
    def is_trained(self) -> bool:
        """Whether it has an A and a B, or is trained in full."""
        return self.is_adapted or self.layer.is_trained_in_full

    @property
    def without_adapter(self) -> str:
        """What stands in the place of A and B."""
        return _("trained in full") if self.layer.is_trained_in_full else _("no LoRA")

    @property
    def narrowest(self) -> float:
        """The least width in which its lines fit below each other."""
        return 2 * PADDING + max(self._weight_width, self.adapter_width + GLYPH_GAP + GLYPH)

    @property
    def narrowest_flat(self) -> float:
        """The least width in which A and B fit next to W."""
        return 3 * PADDING + self._weight_width + self.adapter_width + GLYPH_GAP + GLYPH

    @property
    def adapter_width(self) -> float:
        """The width of the lines of A and B, or of what stands in their place."""
        words = max(
            (number_width(line, LINE_SIZE) for _role, line in self.adapter),
            default=text_width(self.without_adapter, LINE_SIZE),
        )
        return SIGN + words

    @property
    def _weight_width(self) -> float:
        return max(
            SIGN + number_width(self.name, NAME_SIZE) * MOST_SQUEEZED,
            SIGN + number_width(self.weight, LINE_SIZE),
            *(number_width(note, SMALL_SIZE) for note in self.notes),
        )

    def height(self, flat: bool) -> float:
        """The height of its lines, below each other or with A and B next to W.

        Two lines are kept free for A and B, so that adding them moves nothing.
        """
        beside = max(2, len(self.adapter))
        weight = 2 + len(self.notes)
        lines = max(weight, beside) if flat else weight + beside
        return 2 * PADDING + lines * LINE


def make_card(layer: MappedLayer, rank: int) -> Card:
    """The card of a layer at rank r."""
    notes = [_("stored %s") % written(layer.layer.weight_shape).replace(" ", "")]
    if layer.layer.experts:
        notes.append(_("%s experts, stacked") % grouped(layer.layer.experts))
    if tied_to := layer.layer.tied_to:
        notes.append(_("tied to %s") % tied_to.rpartition(".")[2])
    holds_more = prod(layer.shape) < layer.layer.parameters and not layer.layer.is_linear
    return Card(
        layer=layer,
        name=(f"{layer.copies} × " if layer.copies > 1 else "") + layer.label,
        weight=f"W {written(layer.shape)}" + (" + …" if holds_more else ""),
        notes=tuple(notes),
        adapter=tuple(
            (tensor.role, f"{_parameter(layer, module.name)}{ROLES[tensor.role]} {shape}")
            for module in layer.adapters
            for tensor in module.tensors
            if tensor.role in ROLES
            for shape in [written(tensor.shape_at(rank))]
        ),
    )


def written(shape: tuple[int, ...]) -> str:
    """(2304, 768) → "2,304 × 768"."""
    return " × ".join(grouped(size) for size in shape)


def draw_card(card: Card, box: Box, scale: float, *, flat: bool) -> str:
    """The card in its box; `scale` is how many pixels of the small W one of its rows has."""
    left, top, width, _height = box
    baseline = top + PADDING + 11
    drawing = [rectangle(box, "ground"), rectangle(box, "face")]
    drawing += _weight_lines(card, left + PADDING, baseline, width - 2 * PADDING)
    if flat:
        left += width - PADDING - GLYPH - GLYPH_GAP - card.adapter_width
        drawing += _adapter_lines(card, left, baseline, card.adapter_width)
    else:
        below = baseline + (2 + len(card.notes)) * LINE
        drawing += _adapter_lines(card, left + PADDING, below, width - 2 * PADDING)
    drawing.append(_weight_to_scale(card, box, scale))
    return _as_button(card, "".join(drawing))


def _weight_lines(card: Card, left: float, baseline: float, room: float) -> list[str]:
    """The name, W and the notes, none wider than `room`."""
    words = left + SIGN
    lines = [
        text("🔥" if card.is_trained else "❄", left, baseline, "sign"),
        fitted(card.name, words, baseline, "name", NAME_SIZE, room - SIGN),
        text("❄", left, baseline + LINE, "sign W"),
        fitted(card.weight, words, baseline + LINE, "line W", LINE_SIZE, room - SIGN),
    ]
    for number, note in enumerate(card.notes, start=2):
        lines.append(fitted(note, left, baseline + number * LINE, "small", SMALL_SIZE, room))
    return lines


def _adapter_lines(card: Card, left: float, baseline: float, room: float) -> list[str]:
    """A, B and DoRA's magnitude, or that there is none of them."""
    if not card.is_adapted:
        sign = [text("🔥", left, baseline, "sign B")] if card.is_trained else []
        return [*sign, text(card.without_adapter, left + SIGN, baseline, "small-text")]
    lines = []
    for number, (role, line) in enumerate(card.adapter):
        y = baseline + number * LINE
        lines.append(text("🔥", left, y, f"sign {role}"))
        lines.append(fitted(line, left + SIGN, y, f"line {role}", LINE_SIZE, room - SIGN))
    return lines


def _weight_to_scale(card: Card, box: Box, scale: float) -> str:
    """W as a small rectangle, out high and in wide, in the lower right corner."""
    left, top, width, height = box
    rows, columns = card.layer.shape[-2:]
    high, wide = rows * scale, columns * scale
    corner = left + width - PADDING - wide, top + height - PADDING - high
    return rectangle((*corner, wide, high), "weight", radius=0)


def _as_button(card: Card, inside: str) -> str:
    style = "card adapted" if card.is_trained else "card"
    if not card.layer.is_selectable:
        return f'<g class="{style}">{inside}</g>'
    words = (
        _("%s has LoRA. Take it out of the target modules.")
        if card.is_adapted
        else _("%s has no LoRA. Add it to the target modules.")
    )
    pressed = "true" if card.is_adapted else "false"
    return button(inside, style, words % card.name, aria_pressed=pressed, data_kind=card.layer.kind)


def _parameter(layer: MappedLayer, module: str) -> str:
    """Which of several adapted parameters of one layer a tensor belongs to."""
    return f"{module.rpartition('.')[2]} " if len(layer.adapters) > 1 else ""
