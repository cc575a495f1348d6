"""How the application speaks: the few words that it has agreed on."""

from __future__ import annotations

import re

from babel.messages.pofile import read_po

from lora_viz.i18n import LOCALE_FOLDER
from scripts.extract_messages import messages

# 을(를), 은(는), (으)로 …: a particle in the two shapes that it has after a consonant and a vowel
BOTH_SHAPES = re.compile(
    r"을\(를\)|를\(을\)|은\(는\)|는\(은\)|이\(가\)|가\(이\)|과\(와\)|와\(과\)|\(으\)|\(이\)"
)
EARLIER_WORDS = re.compile(r"문서|원문|당신의|미세 ?조정|보류|(?<![가-힣])층")

# American forms that spelling.txt has to let pass, since libraries have names of the same form
AMERICAN = re.compile(
    r"\b(?:colors?|center|gray|catalog|license|tokenize|tokenization|initialize|serialize)\b",
    re.IGNORECASE,
)


def english() -> list[str]:
    """Every text in English, singular and plural."""
    return [text for one in messages() for text in ((one,) if isinstance(one, str) else one)]


def korean() -> list[str]:
    """Every text in Korean."""
    with (LOCALE_FOLDER / "ko" / "LC_MESSAGES" / "lora_viz.po").open("rb") as file:
        entries = [entry.string or "" for entry in read_po(file, locale="ko") if entry.id]
    return [text for one in entries for text in ((one,) if isinstance(one, str) else one)]


def test_a_reader_clicks() -> None:
    assert [text for text in english() if re.search(r"\bpress", text, re.IGNORECASE)] == []


def test_english_is_british() -> None:
    assert [text for text in english() if AMERICAN.search(text)] == []


def test_the_explainer_has_one_name() -> None:
    assert [text for text in english() if re.search(r"\bdocument\b", text, re.IGNORECASE)] == []


def test_beside_is_left_and_right() -> None:
    assert [text for text in english() if re.search(r"\bbesides?\b", text, re.IGNORECASE)] == []


def test_no_particle_is_left_to_choose() -> None:
    assert [text for text in korean() if BOTH_SHAPES.search(text)] == []


def test_korean_has_one_word_for_one_thing() -> None:
    assert [text for text in korean() if EARLIER_WORDS.search(text)] == []
