"""Every string that a reader sees is in the Korean catalogue, with the same placeholders."""

from __future__ import annotations

import re

from babel.messages.pofile import read_po

from lora_viz.i18n import LANGUAGES, LOCALE_FOLDER, _, set_language
from scripts.extract_messages import messages

PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[.\d]*[sdgf%]")


def test_korean_is_complete_and_keeps_the_placeholders() -> None:
    with (LOCALE_FOLDER / "ko" / "LC_MESSAGES" / "lora_viz.po").open("rb") as file:
        catalogue = read_po(file, locale="ko")
    for message in messages():
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
