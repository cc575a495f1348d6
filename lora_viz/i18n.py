"""Translation: English is the source, `locale/<language>/LC_MESSAGES/lora_viz.po` the rest.

The language belongs to the running thread or task (a `ContextVar`), so that two readers of one
server can read two languages at the same time.
"""

from __future__ import annotations

import gettext
from contextvars import ContextVar
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = {"en": "English", "ko": "한국어"}
LOCALE_FOLDER = Path(__file__).parent / "locale"

_language: ContextVar[str] = ContextVar("language", default="en")


def set_language(language: str) -> None:
    """Let `_` answer in `language` (a key of `LANGUAGES`) from here on in this thread or task."""
    _language.set(language)


def current_language() -> str:
    """The key of `LANGUAGES` that `_` answers in."""
    return _language.get()


@cache
def translations(language: str) -> gettext.NullTranslations:
    """The catalogue of one language; for English the one that returns its input."""
    path = LOCALE_FOLDER / language / "LC_MESSAGES" / "lora_viz.po"
    if not path.is_file():
        return gettext.NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _(message: str) -> str:
    """Translate `message`; what the catalogue lacks comes back in English."""
    return translations(_language.get()).gettext(message)


def plural(singular: str, plural: str, count: int) -> str:
    """Translate the form for `count` things; its placeholders are still to be filled in.

    >>> plural("%(count)s run is kept", "%(count)s runs are kept", 2) % {"count": 2}
    '2 runs are kept'
    """
    return translations(_language.get()).ngettext(singular, plural, count)


def N_(message: str) -> str:  # noqa: N802 (the name that gettext tools look for)
    """Mark `message` for extraction where it is declared, to be translated where it is shown."""
    return message
