"""The memory bars: their labels, and the card beside, below or far above them."""

from __future__ import annotations

from typing import Any

import pytest

from lora_viz.figures.memory_bars import Piece, memory_bars

GB = 10**9


def draw(gigabytes: float, card: float) -> Any:
    """One bar of so many GB against a card of so many."""
    piece = Piece("weights", "frozen", "Frozen weights", round(gigabytes * GB))
    return memory_bars({"Full": [piece]}, {}, ("a card", round(card * GB)))


def words_of(figure: Any) -> list[str]:
    return [annotation.text for annotation in figure.layout.annotations]


@pytest.mark.parametrize(
    ("gigabytes", "label"), [(4058.7, "4,059"), (984.3, "984"), (17.06, "17.1"), (1, "1.00")]
)
def test_a_bar_says_its_height_in_digits_that_people_read(gigabytes: float, label: str) -> None:
    assert f"<b>{label}</b>" in words_of(draw(gigabytes, 8))


def test_the_card_is_a_line_inside_the_picture_or_named_above_it() -> None:
    for gigabytes, card in ((2.0, 5.9), (2.0, 1.0)):
        figure = draw(gigabytes, card)
        (line,) = figure.layout.shapes
        assert line.y0 == line.y1 == card < figure.layout.yaxis.range[1]
    far = draw(2.0, 6.1)
    assert not far.layout.shapes and far.layout.yaxis.range[1] < 6.1
    assert any(words.startswith("↑ a card: ") for words in words_of(far))
