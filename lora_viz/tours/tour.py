"""A guided tour: its stops in their order, each with all that a reader is told there.

Settings are the parameters of a link, by their names there, so that a stop can set what a link can
set and no more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from lora_viz.i18n import DEFAULT_LANGUAGE

Part = Literal["headline", "picture", "number", "controls", "side", "tabs", "sidebar"]
PARTS: tuple[Part, ...] = get_args(Part)
OF_TRYING = "tried_"  # before the name of a number: after what the stop lets you try
MARKED = re.compile(r"%\((\w+)\)s")  # a number in our texts
BRACED = re.compile(r"\{([a-z_]+)\}")  # a number in an author's


@dataclass(frozen=True)
class Words:
    """A text, in one language or in several, with the names of numbers in it.

    Ours is English, is translated where it is shown and may hold Markdown; an author's is shown as
    it is written.
    """

    texts: tuple[tuple[str, str], ...] = ()
    is_ours: bool = False

    def __bool__(self) -> bool:
        return bool(self.texts)

    @property
    def numbers(self) -> set[str]:
        """The names of the numbers that it wants, in any of its languages."""
        form = MARKED if self.is_ours else BRACED
        return {name for _language, text in self.texts for name in form.findall(text)}

    def in_language(self, language: str) -> str:
        """The text in this language, else in English, else in the first that it has."""
        texts = dict(self.texts)
        found = texts.get(language) or texts.get(DEFAULT_LANGUAGE)
        return found or next(iter(texts.values()), "")


def ours(text: str) -> Words:
    """A text of our own, marked with `N_` where it is written."""
    return Words(((DEFAULT_LANGUAGE, text),) if text else (), is_ours=True)


@dataclass(frozen=True)
class Condition:
    """When a stop is done: a setting, by its name in links, lies within limits."""

    setting: str
    at_least: float | None = None
    at_most: float | None = None

    def holds(self, value: object) -> bool:
        """Whether a setting with this value fulfils it; what is no number does not."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        enough = self.at_least is None or value >= self.at_least
        return enough and (self.at_most is None or value <= self.at_most)


@dataclass(frozen=True)
class Stop:
    """One stop: a page with settings, and what is said there.

    Attributes:
        page: the page's name.
        title: its headline in the tour.
        say: what a teacher says, and what a reader alone reads.
        look: what to look at.
        attempt: what to try.
        expect: what happens then.
        part: which part of the page is outlined; none if empty.
        settings: parameters of a link to what is shown first.
        tried: those that differ after what is to be tried.
        done: when the stop is done; without any, when `tried` is set, or once the page was seen.
        minutes: how long it takes in a lesson.
    """

    page: str
    title: Words
    say: Words
    look: Words = Words()
    attempt: Words = Words()
    expect: Words = Words()
    part: Part | Literal[""] = ""
    settings: tuple[tuple[str, str], ...] = ()
    tried: tuple[tuple[str, str], ...] = ()
    done: tuple[Condition, ...] = ()
    minutes: int = 3

    @property
    def numbers(self) -> set[str]:
        """The names of all numbers in its texts."""
        texts = (self.title, self.say, self.look, self.attempt, self.expect)
        return set().union(*(words.numbers for words in texts))


@dataclass(frozen=True)
class Tour:
    """A tour: its name in links, its title, for whom it is, and its stops."""

    name: str
    title: Words
    about: Words
    stops: tuple[Stop, ...]

    @property
    def minutes(self) -> int:
        """How long all of it takes in a lesson."""
        return sum(stop.minutes for stop in self.stops)


def our_stop(
    page: str,
    minutes: int,
    *,
    title: str,
    say: str,
    look: str = "",
    attempt: str = "",
    expect: str = "",
    part: Part | Literal[""] = "picture",
    settings: Mapping[str, str] | None = None,
    tried: Mapping[str, str] | None = None,
    done: tuple[Condition, ...] = (),
) -> Stop:
    """A stop of a tour that ships; its texts are marked with `N_`."""
    return Stop(
        page=page,
        title=ours(title),
        say=ours(say),
        look=ours(look),
        attempt=ours(attempt),
        expect=ours(expect),
        part=part,
        settings=tuple((settings or {}).items()),
        tried=tuple((tried or {}).items()),
        done=done,
        minutes=minutes,
    )
