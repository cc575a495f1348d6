"""Translation: English is the source, `locale/<language>/LC_MESSAGES/lora_viz.po` the rest.

A folder with a catalogue is a language, wherever one can be chosen: its code is the folder's name,
and the catalogue's header says after `Language-Team` what the language calls itself.

The language belongs to the running thread or task (a `ContextVar`), so that two readers of one
server can read two languages at the same time. Where nobody has set one, it is what
`ask_for_language` was told to ask: the pages let it ask the session, so that whatever runs in a
thread of its own, such as a widget's callback, speaks the reader's language too.

What computes speaks no language. It says things as `Message`s, which become words where they are
shown, so that one answer, or one failure, serves readers of any language.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from pydantic_core import core_schema

LOCALE_FOLDER = Path(__file__).parent / "locale"
CATALOGUE = Path("LC_MESSAGES") / "lora_viz.po"
LONGEST_HEADER = 10_000  # characters, with the comment above it
DEFAULT_LANGUAGE = "en"
_CODE = re.compile(r"[A-Za-z]{2,3}([_-][A-Za-z0-9]+)*")
_OWN_NAME = re.compile(r'^"Language-Team: *([^<"\\]*[^<"\\ ])', re.MULTILINE)


def languages_in(folder: Path) -> dict[str, str]:
    """What each language calls itself, by its code: English, then those with a catalogue here."""
    codes = sorted(
        path.name
        for path in folder.glob("*")
        if _CODE.fullmatch(path.name) and (path / CATALOGUE).is_file()
    )
    return {DEFAULT_LANGUAGE: "English"} | {code: _own_name(folder / code) for code in codes}


def _own_name(folder: Path) -> str:
    """What a catalogue's header says; the code where it says nothing."""
    with (folder / CATALOGUE).open(encoding="utf-8", errors="replace") as file:
        said = _OWN_NAME.search(file.read(LONGEST_HEADER))
    return said[1] if said else folder.name


LANGUAGES = languages_in(LOCALE_FOLDER)
if TYPE_CHECKING:
    Language = str
else:
    Language = Literal[tuple(LANGUAGES)]

Done = TypeVar("Done")
_language: ContextVar[str | None] = ContextVar("language", default=None)
_askers: list[Callable[[], str | None]] = []


def set_language(language: str) -> None:
    """Let `_` answer in `language` (a key of `LANGUAGES`) from here on in this thread or task."""
    _language.set(language)


def current_language() -> str:
    """The key of `LANGUAGES` that `_` answers in."""
    return _language.get() or next(filter(None, (ask() for ask in _askers)), DEFAULT_LANGUAGE)


def in_this_language(work: Callable[[], Done]) -> Callable[[], Done]:
    """The same work, which speaks the language of now in whichever thread it is done."""
    language = current_language()

    def speaking() -> Done:
        before = _language.set(language)
        try:
            return work()
        finally:
            _language.reset(before)

    return speaking


def language_of(locale: str) -> str:
    """The language here for what a browser or a system asks for, such as ko-KR.

    English where there is none.
    """
    asked = locale.replace("-", "_").casefold()
    codes = {code.replace("-", "_").casefold(): code for code in LANGUAGES}
    return codes.get(asked) or codes.get(asked.partition("_")[0], DEFAULT_LANGUAGE)


def ask_for_language(asker: Callable[[], str | None]) -> None:
    """Let `asker` name the language wherever `set_language` was not called; None: it knows none."""
    _askers.append(asker)


@cache
def translations(language: str) -> gettext.NullTranslations:
    """The catalogue of one language; for English the one that returns its input."""
    path = LOCALE_FOLDER / language / CATALOGUE
    if not path.is_file():
        return gettext.NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _(message: str) -> str:
    """Translate `message`; what the catalogue lacks comes back in English."""
    return translations(current_language()).gettext(message)


def plural(singular: str, plural: str, count: int) -> str:
    """Translate the form for `count` things; its placeholders are still to be filled in.

    >>> plural("%(count)s run is kept", "%(count)s runs are kept", 2) % {"count": 2}
    '2 runs are kept'
    """
    return translations(current_language()).ngettext(singular, plural, count)


def N_(message: str) -> str:  # noqa: N802 (the name that gettext tools look for)
    """Mark `message` for extraction where it is declared, to be translated where it is shown."""
    return message


# what the application's own messages are filled with; more could take any amount of memory
_PLACEHOLDER = re.compile(r"%(?:%|(?:\((\w+)\))?(?:\.\d)?[sdgf])")
_DEEPEST = 8  # messages within messages
_LONGEST = 100_000  # characters of a message that somebody may have written


@dataclass(frozen=True, init=False)
class Message:
    """A sentence as data: what it says in English, and the values that it is filled with.

    `str()` of it is the sentence in the language of whoever shows it, and so are the messages
    among its values.

    >>> str(Message(N_("There is no run “%s”."), "first"))
    'There is no run “first”.'
    """

    text: str
    values: tuple[Any, ...]
    named: tuple[tuple[str, Any], ...]
    plural: str

    def __init__(self, text: str, /, *values: object, **named: object) -> None:
        """Fill `text` with values in their order, or by their names.

        What is neither text, a number nor a message is turned to text, but for errors that hold a
        message.
        """
        self._set(text, values, named, "")

    def _set(
        self, text: str, values: tuple[object, ...], named: dict[str, object], plural: str
    ) -> None:
        object.__setattr__(self, "text", text)
        object.__setattr__(self, "values", tuple(map(_as_value, values)))
        pairs = tuple((name, _as_value(value)) for name, value in named.items())
        object.__setattr__(self, "named", pairs)
        object.__setattr__(self, "plural", plural)

    def __str__(self) -> str:
        named = dict(self.named)
        if self.plural:
            text = plural(self.text, self.plural, named["count"])
            named["count"] = f"{named['count']:,}"
        else:
            text = _(self.text) if self.text else ""
        return text % (named or self.values) if named or self.values else text

    def __bool__(self) -> bool:
        return bool(self.text)

    def as_data(self) -> dict[str, Any]:
        """It as JSON can hold it; `from_data` makes it again."""
        data: dict[str, Any] = {"text": encodable(self.text)}
        if self.plural:
            data["plural"] = self.plural
        if self.named:
            data["values"] = {name: _as_data(value) for name, value in self.named}
        elif self.values:
            data["values"] = [_as_data(value) for value in self.values]
        return data

    @classmethod
    def from_data(cls, data: object, depth: int = 0) -> Message:
        """What `as_data` gave, or anyone wrote. Raises `ValueError` where it makes no sentence."""
        if not isinstance(data, dict) or depth > _DEEPEST:
            raise ValueError("this is no message")
        text, more, given = data.get("text"), data.get("plural", ""), data.get("values", [])
        if not isinstance(text, str) or not isinstance(more, str):
            raise ValueError("a message without a text")
        named = given if isinstance(given, dict) else {}
        listed = given if isinstance(given, list) else []
        made = cls.__new__(cls)
        made._set(
            text,
            tuple(_from_data(value, depth) for value in listed),
            {str(name): _from_data(value, depth) for name, value in named.items()},
            more,
        )
        made._check()
        return made

    def _check(self) -> None:
        """Raise `ValueError` where the text cannot be filled with the values, in any language."""
        named = dict(self.named)
        if self.plural and not isinstance(named.get("count"), int):
            raise ValueError("a number of things without the number")
        # a value may be named many times, and so may each of those that it is itself made of
        widest = max((len(str(value)) for value in (*named.values(), *self.values)), default=0)
        for text in filter(None, (self.text, self.plural)):
            if len(text) + len(_PLACEHOLDER.findall(text)) * widest > _LONGEST:
                raise ValueError("a message that is too long")
            if (named or self.values) and "%" in _PLACEHOLDER.sub("", text):
                raise ValueError("a message with a form that is not allowed")
            try:
                _filled = text % (named or self.values) if named or self.values else text
            except (TypeError, KeyError, OverflowError) as error:
                raise ValueError("a message whose values do not fit") from error

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            lambda value: value if isinstance(value, cls) else cls.from_data(value),
            serialization=core_schema.plain_serializer_function_ser_schema(cls.as_data),
        )


Value = str | int | float | Message


def counted(singular: str, plural: str, count: int, /, **named: object) -> Message:
    """A message about `count` things, in the form for that many, with `count` among its values."""
    message = Message.__new__(Message)
    message._set(singular, (), {"count": count, **named}, plural)
    return message


def joined(between: str, messages: Iterable[Message]) -> Message:
    """Messages after one another as one, with the same words `between` them in any language."""
    several = tuple(messages)
    return (
        several[0] if len(several) == 1 else Message(between.join(["%s"] * len(several)), *several)
    )


def _as_value(value: object) -> Value:
    said = getattr(value, "message", None)
    value = said if isinstance(value, Exception) and isinstance(said, Message) else value
    return value if isinstance(value, str | int | float | Message) else str(value)


def _as_data(value: Value) -> object:
    if isinstance(value, Message):
        return value.as_data()
    return encodable(value) if isinstance(value, str) else value


def _from_data(value: object, depth: int) -> Value:
    if isinstance(value, dict):
        return Message.from_data(value, depth + 1)
    if not isinstance(value, str | int | float):
        raise ValueError("a message holds text, numbers and messages")
    return value


def encodable(words: str) -> str:
    """Words without halves of characters, as names of files may hold, which no JSON can."""
    return words.encode("utf-8", "backslashreplace").decode("utf-8")
