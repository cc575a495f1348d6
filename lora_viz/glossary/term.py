"""What is said of a term."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """A paper or a piece of documentation.

    Attributes:
        title: authors, year and title, or a library and its page, as they are written there.
        address: where it can be read.
    """

    title: str
    address: str


@dataclass(frozen=True)
class Formula:
    """A formula, typeset and in plain characters for places that cannot typeset it."""

    latex: str
    plain: str


@dataclass(frozen=True)
class Term:
    """One word of the glossary.

    Attributes:
        key: names it in code; never shown.
        word: the word itself; to be translated.
        forms: how running text writes it (`glossary.forms`); to be translated.
        meaning: one sentence, or two in a language that needs them; to be translated.
        origin: where the meaning and the formula come from.
        part: which section or name of that; empty for all of it.
        formula: None where there is none.
        fields: the settings that are named for it.
        pages: the pages that explain it wherever they are opened, by their names.
    """

    key: str
    word: str
    forms: str
    meaning: str
    origin: Origin
    part: str = ""
    formula: Formula | None = None
    fields: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()

    @property
    def cited(self) -> str:
        """Its origin with the part of it."""
        return f"{self.origin.title}, {self.part}" if self.part else self.origin.title
