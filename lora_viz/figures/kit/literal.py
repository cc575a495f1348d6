"""Text from outside as it is written, whatever it holds: one function for each place that draws it.

A model's, a run's or a file's name, a target, a sentence that quotes one of them: nothing of it may
become a link, a picture, a formula or a new line. Pages also have `lora_viz.ui.kit.literal`.
"""

from __future__ import annotations

import re
import unicodedata
from html import escape

LONGEST = 2000
MARKS = ("Mn", "Me")  # accents and the like, which are drawn on the character before them
MOST_MARKS = 8  # of one character; scripts need fewer
# a run of spaces and line breaks becomes one space; spaces that do not break, and thin ones, stay
BREAKS = re.compile("[\t\n\x0b\x0c\r\x1c-\x1f\x85\u2028\u2029 ]+")
# What cannot be seen or turns the writing direction: control characters, half characters
# (surrogates), marks of direction, invisible operators and tags, and what is no character.
UNSEEN = re.compile(
    "[\x00-\x1b\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2060-\u206f\ud800-\udfff\ufeff"
    "\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)
ENDS_OF_LINES = re.compile("[\x1c-\x1f\u2028\u2029]")  # beside those that are unseen
NO_CHARACTER = "\N{REPLACEMENT CHARACTER}"
FIRST_PICTURE = 0x2400  # Unicode's pictures of the control characters: ␀, ␁, …
# what Plotly reads as a tag, as an entity, as a formula, and as a placeholder of a hover text
OF_PLOTLY = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;", "%": "&#37;", "{": "&#123;"}
)


def visible(words: object, longest: int = LONGEST) -> str:
    """Words on one line in which every character can be seen; too many of them are cut off."""
    line = BREAKS.sub(" ", str(words)).strip()
    return shortened(_with_few_marks(UNSEEN.sub(_sign, line)), longest)


def with_signs(words: object) -> str:
    """Words on one line in which every character can be seen, and no space is gone."""
    return _with_few_marks(ENDS_OF_LINES.sub(_sign, UNSEEN.sub(_sign, str(words))))


def shortened(words: str, longest: int) -> str:
    """Words of at most so many characters, the last of which says that there were more."""
    return words if len(words) <= longest else words[: longest - 1] + "…"


def as_plotly(words: object, longest: int = LONGEST) -> str:
    """Words for a label, a title, a legend or a hover text of Plotly, which take HTML."""
    return visible(words, longest).translate(OF_PLOTLY)


def as_svg(words: object) -> str:
    """Words for the inside of an SVG element or for one of its attributes."""
    return escape(visible(words))


def _with_few_marks(words: str) -> str:
    """Words in which no character carries so many marks that they are drawn over other lines."""
    if words.isascii():
        return words
    kept: list[str] = []
    marks = 0
    for sign in words:
        marks = marks + 1 if unicodedata.category(sign) in MARKS else 0
        if marks <= MOST_MARKS:
            kept.append(sign)
        elif marks == MOST_MARKS + 1:
            kept.append("…")
    return "".join(kept)


def _sign(found: re.Match[str]) -> str:
    """A sign that can be seen for a character that cannot."""
    code = ord(found.group())
    return chr(FIRST_PICTURE + code) if code < 0x20 else NO_CHARACTER
