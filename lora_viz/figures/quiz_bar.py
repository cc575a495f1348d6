"""A guess beside the truth: bars over the whole width, to one scale, in the page's own ink."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lora_viz.figures.kit.literal import as_svg
from lora_viz.figures.kit.svg import SvgDrawing

WORDS, BAR, GAP = 16, 14, 8  # pixels
NARROWEST = 326
GUESSED, TRUE = 0.35, 0.9  # how much ink


@dataclass(frozen=True)
class GuessBar:
    """What stands above a bar, its share of the whole width, and whether it is the truth."""

    words: str
    share: float
    is_truth: bool = False


def guess_bars(bars: Sequence[GuessBar]) -> SvgDrawing:
    """The bars below one another; as wide as the place that they stand in."""
    step = WORDS + BAR + GAP
    height = step * len(bars)
    inside = "".join(_drawn(bar, place * step) for place, bar in enumerate(bars))
    words = as_svg("; ".join(bar.words for bar in bars))
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="{height}" role="img" '
        f'aria-label="{words}">{inside}</svg>'
    )
    return SvgDrawing(svg, NARROWEST, height)


def _drawn(bar: GuessBar, top: float) -> str:
    """Words, a frame of the whole width, and the part of it; even of nothing a line is seen."""
    ink = TRUE if bar.is_truth else GUESSED
    place = f'y="{top + WORDS}" height="{BAR}"'
    share = 100 * min(max(bar.share, 0.0), 1.0)
    weight = "700" if bar.is_truth else "400"
    return (
        f'<text x="0" y="{top + 12}" font-size="13" font-weight="{weight}" fill="currentColor">'
        f"{as_svg(bar.words)}</text>"
        f'<rect x="0" {place} width="100%" fill="currentColor" fill-opacity="0.08"/>'
        f'<rect x="0" {place} width="{share:.3f}%" fill="currentColor" fill-opacity="{ink}"/>'
        f'<rect x="{share:.3f}%" {place} width="1" fill="currentColor"/>'
    )
