"""Every string that a reader sees is in the Korean catalogue, with the same placeholders."""

from __future__ import annotations

import re
from contextvars import copy_context
from typing import get_args

from babel.messages.pofile import read_po

from lora_viz.i18n import LANGUAGES, LOCALE_FOLDER, Language, _, plural, set_language
from scripts.extract_messages import messages

PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[.\d]*[sdgf%]")


def test_korean_is_complete_and_keeps_the_placeholders() -> None:
    with (LOCALE_FOLDER / "ko" / "LC_MESSAGES" / "lora_viz.po").open("rb") as file:
        catalogue = read_po(file, locale="ko")
    for message in messages():
        entry = catalogue.get(message)
        assert entry is not None and entry.string, f"not translated: {message}"
        assert not entry.fuzzy, f"fuzzy: {message}"
        forms = [message] if isinstance(message, str) else list(message)
        wanted = set(map(_placeholders, forms))
        texts = [entry.string] if isinstance(entry.string, str) else entry.string
        assert all(_placeholders(text) in wanted for text in texts), message


def _placeholders(text: str) -> tuple[str, ...]:
    return tuple(sorted(PLACEHOLDER.findall(text)))


def test_a_number_of_things_is_worded_in_its_form() -> None:
    def words(language: str, count: int) -> str:
        set_language(language)
        forms = "%s step is not simulated yet.", "%s steps are not simulated yet."
        return plural(*forms, count) % count

    assert copy_context().run(words, "en", 1) == "1 step is not simulated yet."
    assert copy_context().run(words, "en", 2) == "2 steps are not simulated yet."
    assert copy_context().run(words, "ko", 1) == "스텝 1개가 아직 시뮬레이션되지 않았습니다."


def test_the_language_is_each_readers_own() -> None:
    def title(language: str) -> str:
        set_language(language)
        return _("Parameters")

    assert get_args(Language) == tuple(LANGUAGES)
    texts = {language: copy_context().run(title, language) for language in ("en", "ko")}
    assert texts == {"en": "Parameters", "ko": "파라미터"}
