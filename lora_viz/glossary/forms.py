"""How running text writes a term, as patterns that Python and browsers read alike.

Forms are written as `rank|ranks`. Where only a part of a form is the term, as in `[A] and B`, it
stands in brackets and the rest says what must be around it. A form in small letters is found in
capitals too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

LETTERS = "A-Za-z0-9_À-ɏͰ-ϿЀ-ӿ"
HANGUL = "가-힣"
BEFORE = f"(?<![{LETTERS}{HANGUL}])"
AFTER = f"(?![{LETTERS}′])"  # a letter's prime makes it another letter
SIGNS = re.compile(r"[\\^$.*+?()\[\]{}|/]")


@dataclass(frozen=True)
class Form:
    """One way to write a term.

    Attributes:
        source: a regular expression, the same for Python and for browsers.
        start: how many characters of what it finds come before the term.
        length: characters of the term.
        is_exact: whether capitals matter.
    """

    source: str
    start: int
    length: int
    is_exact: bool

    def pattern(self) -> re.Pattern[str]:
        """The regular expression, compiled."""
        return re.compile(self.source, re.NOFLAG if self.is_exact else re.IGNORECASE)


@cache
def forms(written: str) -> tuple[Form, ...]:
    """The forms that are written with bars between them."""
    return tuple(map(_form, written.split("|")))


def stands_in(written: str, text: str) -> bool:
    """Whether a text holds a term that is written in these forms."""
    return any(form.pattern().search(text) for form in forms(written))


def _form(written: str) -> Form:
    start, end = written.find("["), written.find("]")
    words = written.replace("[", "").replace("]", "")
    source = SIGNS.sub(r"\\\g<0>", words).replace(" ", r"\s")
    takes_particles = re.search(f"[{HANGUL}]$", words)  # in Korean they follow without a space
    return Form(
        source=f"{BEFORE}{source}{'' if takes_particles else AFTER}",
        start=max(start, 0),
        length=end - start - 1 if start >= 0 else len(words),
        is_exact=words != words.lower(),
    )
