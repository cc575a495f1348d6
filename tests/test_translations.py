"""Every string that a reader sees is in the Korean catalogue, with the same placeholders."""

from __future__ import annotations

import re
from pathlib import Path

from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.pofile import read_po

from lora_viz.i18n import LANGUAGES, LOCALE_FOLDER, _, set_language

ROOT = Path(__file__).parents[1]
KEYWORDS = {"_": None, "N_": None}
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[.\d]*[sdgf%]")


def messages_in_the_code() -> set[str]:
    """What gettext's own extraction finds in the application."""
    found = {
        str(message)
        for folder in ("lora_viz", "pages")
        for _file, _line, message, *_rest in extract_from_dir(ROOT / folder, keywords=KEYWORDS)
    }
    in_app = extract_from_file("python", ROOT / "app.py", keywords=KEYWORDS)
    return found | {str(message) for _line, message, *_rest in in_app}


def test_korean_is_complete_and_keeps_the_placeholders() -> None:
    with (LOCALE_FOLDER / "ko" / "LC_MESSAGES" / "lora_viz.po").open("rb") as file:
        catalogue = read_po(file, locale="ko")
    for message in messages_in_the_code():
        entry = catalogue.get(message)
        assert entry is not None and entry.string, f"not translated: {message}"
        assert not entry.fuzzy, f"fuzzy: {message}"
        wanted = sorted(PLACEHOLDER.findall(message))
        assert sorted(PLACEHOLDER.findall(str(entry.string))) == wanted, message


def test_the_language_is_each_readers_own() -> None:
    from contextvars import copy_context

    def title(language: str) -> str:
        set_language(language)
        return _("Parameters")

    texts = {language: copy_context().run(title, language) for language in LANGUAGES}
    assert texts == {"en": "Parameters", "ko": "파라미터"}
