"""The fonts of slides: a file holds none, so they are ones that people's machines have.

Arial comes with Windows and macOS, and Linux has Liberation Sans of the same widths. Malgun Gothic
comes with Windows and with Office for macOS; elsewhere its place is taken by a Korean font.
"""

from __future__ import annotations

import re
from typing import Any

from pptx.opc.constants import RELATIONSHIP_TYPE

LATIN, KOREAN = "Arial", "Malgun Gothic"
FACES = re.compile(rb'(<a:(?:major|minor)Font>)<a:latin typeface="[^"]*"/><a:ea typeface="[^"]*"/>')
HANGUL = re.compile(rb'(<a:font script="Hang" typeface=")[^"]*')


def set_theme_fonts(presentation: Any) -> None:
    """Name both fonts in the theme, from which words, tables and charts take theirs."""
    theme = presentation.slide_master.part.part_related_by(RELATIONSHIP_TYPE.THEME)
    named = f'<a:latin typeface="{LATIN}"/><a:ea typeface="{KOREAN}"/>'.encode()
    blob = FACES.sub(rb"\1" + named, theme.blob)
    theme._blob = HANGUL.sub(rb"\1" + KOREAN.encode(), blob)
