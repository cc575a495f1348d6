"""The layer map's drawing: well-formed, inside its frame, nothing on top of anything else."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from xml.etree import ElementTree

import pytest

from lora_viz.choices.scenario import Scenario
from lora_viz.figures.kit.svg import SvgDrawing, number_width
from lora_viz.figures.layer_map.column import ranges
from lora_viz.figures.layer_map.picture import MapSettings, layer_map_svg
from lora_viz.layer_map.tree import build_layer_tree
from lora_viz.models.catalogue import catalogue, default_targets
from lora_viz.questions.ask_for import adapter_of, architecture_of
from lora_viz.questions.kept import compute

# the first model of each family, which is its smallest
FAMILIES = {entry.family: entry.key for entry in reversed(catalogue().values())}
WIDTHS = (326, 525, 632)
SVG = "{http://www.w3.org/2000/svg}"
SIZES = {"name": 12, "line": 11, "small": 10}

Box = tuple[float, float, float, float]


def drawing_of(
    model: str, width: int = 632, rank: int = 8, block: str = "", targets: tuple[str, ...] = ()
) -> SvgDrawing:
    chosen = targets or default_targets(model)
    layout = compute(adapter_of(Scenario(model=model, target_modules=chosen)))
    tree = build_layer_tree(compute(architecture_of(model)), layout)
    return layer_map_svg(tree, block, MapSettings(rank, 4, 512), width)


def elements(drawing: SvgDrawing, tag: str, style: str = "") -> Iterator[ElementTree.Element]:
    for element in ElementTree.fromstring(drawing.svg).iter(SVG + tag):
        if not style or style in element.get("class", "").split():
            yield element


def box_of(rectangle: ElementTree.Element) -> Box:
    left, top, width, height = (float(rectangle.get(n, 0)) for n in ("x", "y", "width", "height"))
    return left, top, left + width, top + height


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("model", FAMILIES.values(), ids=FAMILIES)
def test_everything_is_inside_and_words_fit(model: str, width: int) -> None:
    for rank in (1, 1024):
        drawing = drawing_of(model, width, rank)
        for rectangle in elements(drawing, "rect"):
            left, top, right, bottom = box_of(rectangle)
            assert left >= 0 and top >= 0 and right <= width and bottom <= drawing.height
        for card in (*elements(drawing, "g", "card"), *elements(drawing, "g", "group")):
            face = box_of(
                list(card.iter(SVG + "rect"))[-2 if "group" in card.get("class", "") else 0]
            )
            for words in card.iter(SVG + "text"):
                assert end_of(words) <= face[2], (rank, words.text)
                assert face[1] < float(words.get("y", 0)) < face[3]


def end_of(words: ElementTree.Element) -> float:
    """Where words in the font for numbers end."""
    size = SIZES.get(words.get("class", "").split()[0], 11)
    width = float(words.get("textLength", 0)) or number_width(words.text or "", size)
    return float(words.get("x", 0)) + width


@pytest.mark.parametrize("model", FAMILIES.values(), ids=FAMILIES)
def test_boxes_do_not_overlap(model: str) -> None:
    for width in WIDTHS:
        drawing = drawing_of(model, width, targets=("all-linear",))
        cards = [
            box_of(next(iter(card.iter(SVG + "rect")))) for card in elements(drawing, "g", "card")
        ]
        for one, other in combinations(cards, 2):
            apart = one[2] <= other[0] or other[2] <= one[0]
            assert apart or one[3] <= other[1] or other[3] <= one[1]


def test_the_small_rectangles_are_to_one_scale_in_the_block() -> None:
    shapes = {"c_attn": (2304, 768), "attn.c_proj": (768, 768), "c_fc": (3072, 768)}
    scales = []
    for card in elements(drawing_of("gpt2"), "g", "card"):
        name = next(words.text for words in card.iter(SVG + "text") if words.get("class") == "name")
        for rectangle in card.iter(SVG + "rect"):
            if rectangle.get("class") == "weight" and name in shapes:
                left, top, right, bottom = box_of(rectangle)
                scales += [(bottom - top) / shapes[name][0], (right - left) / shapes[name][1]]
    assert len(scales) == 6
    assert scales == pytest.approx([scales[0]] * 6, rel=1e-3)


def test_layers_and_blocks_can_be_pressed() -> None:
    drawing = drawing_of("gpt2")
    pressed = {
        element.get("data-kind") or element.get("data-block"): element.get("aria-pressed")
        for element in elements(drawing, "g")
        if element.get("role") == "button" and element.get("tabindex") == "0"
    }
    assert pressed == {
        "transformer.h.0": "true",
        "lm_head": "false",
        "attn.c_attn": "true",
        "attn.c_proj": "true",
        "mlp.c_fc": "false",
        "mlp.c_proj": "false",
    }


def test_126_blocks_are_one_box() -> None:
    small, large = drawing_of("tinyllama-1.1b"), drawing_of("llama-3.1-405b")
    assert len(list(elements(large, "g"))) == len(list(elements(small, "g")))


@pytest.mark.parametrize(
    ("numbers", "words"),
    [([0], "0"), ([0, 1, 2, 5], "0–2, 5"), (list(range(0, 126, 2)), "0, 2, 4, …")],
)
def test_ranges(numbers: list[int], words: str) -> None:
    assert ranges(numbers) == words
