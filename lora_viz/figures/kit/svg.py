"""SVG elements as text, and how wide words are in the fonts of the application."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import dist
from unicodedata import east_asian_width

from lora_viz.figures.kit.literal import as_svg

# advance of a character, as a share of the font size
NUMBER_FONT_WIDTH = 0.6
TEXT_FONT_WIDTH = 0.54

Box = tuple[float, float, float, float]
Point = tuple[float, float]


@dataclass(frozen=True)
class SvgDrawing:
    """An SVG drawing and its size in pixels."""

    svg: str
    width: int
    height: float


def framed(inside: str, style: str, size: tuple[int, float]) -> SvgDrawing:
    """A drawing of a width and a height, with its style (CSS)."""
    width, height = size
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:g}" '
        f'width="{width}" height="{height:g}" role="group">'
        f"<style>{style}</style>{inside}</svg>"
    )
    return SvgDrawing(svg, width, height)


def text(
    words: str, x: float, y: float, style: str, *, anchor: str = "start", width: float | None = None
) -> str:
    """Words on one line from (x, y), the left end of their baseline unless `anchor` says other.

    With a width in pixels they are squeezed or stretched to be as wide.
    """
    fit = "" if width is None else f' textLength="{width:g}" lengthAdjust="spacingAndGlyphs"'
    place = f'x="{x:g}" y="{y:g}" text-anchor="{anchor}"{fit}'
    return f'<text {place} class="{style}">{as_svg(words)}</text>'


def fitted(words: str, x: float, y: float, style: str, size: float, room: float) -> str:
    """Words in the font for numbers, squeezed where they would take more than `room` pixels."""
    width = room if number_width(words, size) > room else None
    return text(words, x, y, style, width=width)


def rectangle(box: Box, style: str, radius: float = 8) -> str:
    """A rectangle with round corners from left, top, width and height."""
    x, y, width, height = box
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}" '
        f'class="{style}"/>'
    )


def polygon(points: Sequence[tuple[float, float]], style: str) -> str:
    """A filled polygon through the points."""
    joined = " ".join(f"{x:g},{y:g}" for x, y in points)
    return f'<polygon points="{joined}" class="{style}"/>'


def arrow_down(x: float, top: float, length: float) -> str:
    """An arrow of this length that ends in a head of 4 pixels."""
    end = top + length
    line = f'<line x1="{x:g}" y1="{top:g}" x2="{x:g}" y2="{end - 4:g}" class="flow"/>'
    return line + polygon([(x - 4, end - 5), (x + 4, end - 5), (x, end)], "flow-head")


def arrow_right(left: float, y: float, length: float) -> str:
    """The same, to the right."""
    end = left + length
    line = f'<line x1="{left:g}" y1="{y:g}" x2="{end - 4:g}" y2="{y:g}" class="flow"/>'
    return line + polygon([(end - 5, y - 4), (end - 5, y + 4), (end, y)], "flow-head")


def arrow(start: Point, end: Point) -> str:
    """An arrow between two points, its head at `end`."""
    length = dist(start, end)
    x, y = ((end[axis] - start[axis]) / length for axis in (0, 1))
    back = (end[0] - 6 * x, end[1] - 6 * y)
    line = f'<line x1="{start[0]:g}" y1="{start[1]:g}" x2="{back[0]:g}" y2="{back[1]:g}"'
    sides = [(back[0] - 4 * y, back[1] + 4 * x), (back[0] + 4 * y, back[1] - 4 * x)]
    return f'{line} class="flow"/>' + polygon([*sides, end], "flow-head")


def coming(inside: str, after_ms: int, start: str, origin: Point) -> str:
    """A group that comes in once, when the page opens, and everywhere else simply stands there.

    Args:
        after_ms: milliseconds before it begins.
        start: the CSS transform that it begins with, such as "scaleX(0)".
        origin: the point that keeps its place meanwhile.
    """
    x, y = origin
    style = f"--after:{after_ms}ms;--start:{start};transform-origin:{x:g}px {y:g}px"
    return f'<g class="coming" style="{style}">{inside}</g>'


def described(inside: str, words: str) -> str:
    """A group that says these words when a mouse points at it, and to who cannot see it."""
    return f'<g role="img" aria-label="{as_svg(words)}"><title>{as_svg(words)}</title>{inside}</g>'


def button(inside: str, style: str, label: str, **attributes: str) -> str:
    """A group that a mouse or a keyboard can press; `label` is what is read aloud and on hover."""
    extra = "".join(
        f' {name.replace("_", "-")}="{escape(value)}"' for name, value in attributes.items()
    )
    return (
        f'<g class="{style}" role="button" tabindex="0" aria-label="{as_svg(label)}"{extra}>'
        f"<title>{as_svg(label)}</title>{inside}</g>"
    )


def number_width(words: str, size: float) -> float:
    """Pixels that words take in the font for numbers, where every letter is as wide."""
    return sum(_cells(letter) for letter in words) * NUMBER_FONT_WIDTH * size


def text_width(words: str, size: float) -> float:
    """About how many pixels words take in the font for text."""
    return sum(_cells(letter) for letter in words) * TEXT_FONT_WIDTH * size


def _cells(letter: str) -> float:
    return 1.7 if east_asian_width(letter) in "WF" else 1
