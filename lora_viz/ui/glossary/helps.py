"""The help of controls whose setting is named for a term of the glossary."""

from __future__ import annotations

from lora_viz.glossary.terms import term_of_field
from lora_viz.i18n import _


def with_term(help_text: str, field: str) -> str:
    """A field's help as Markdown, with the meaning of the term that it is named for."""
    term = term_of_field(field)
    return f"{help_text}\n\n**{_(term.word)}**: {_(term.meaning)}" if term else help_text
