"""A course's own tour, from one YAML file, and one sentence where that is wrong.

The sentence says which stop, which field, and what would be right. `docs/tours.md` describes the
form; its texts are shown as they are written, but for the numbers that they name in braces.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NoReturn, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from lora_viz.errors import UserError
from lora_viz.i18n import DEFAULT_LANGUAGE, LANGUAGES, N_, Message
from lora_viz.tours.facts import is_number
from lora_viz.tours.tour import PARTS, Condition, Part, Stop, Tour, Words
from lora_viz.tours.yaml_text import read_plain

MOST_STOPS = 40
LONGEST_TITLE, LONGEST_TEXT = 80, 1_500  # characters
SHOWN = 60  # characters of a wrong value


@dataclass(frozen=True)
class Rules:
    """What a tour may name of the application.

    Attributes:
        pages: the pages' names.
        numeric: the settings, by their names in links, whose values are numbers.
        complaint: what is wrong with the parameters of a link; None if nothing is.
    """

    pages: tuple[str, ...]
    numeric: tuple[str, ...]
    complaint: Callable[[Mapping[str, str]], Message | None]


def _texts(value: object, longest: int) -> object:
    """One text, or one for each language, by language."""
    texts = {DEFAULT_LANGUAGE: value} if isinstance(value, str) else value
    if not isinstance(texts, dict) or not texts or not set(texts) <= set(LANGUAGES):
        raise ValueError("no text")
    for text in texts.values():
        if not isinstance(text, str) or not text.strip() or len(text) > longest:
            raise ValueError("no text that is short enough")
    return texts


def _settings(value: object) -> object:
    """Settings as a link writes them."""
    if not isinstance(value, dict):
        raise ValueError("no mapping")
    for name, setting in value.items():
        if not isinstance(name, str) or not isinstance(setting, str | int | float):
            raise ValueError("no setting")
    return {
        name: str(setting).lower() if isinstance(setting, bool) else str(setting)
        for name, setting in value.items()
    }


Title = Annotated[dict[str, str], BeforeValidator(lambda value: _texts(value, LONGEST_TITLE))]
Text = Annotated[dict[str, str], BeforeValidator(lambda value: _texts(value, LONGEST_TEXT))]
Settings = Annotated[dict[str, str], BeforeValidator(_settings)]
Minutes = Annotated[int, Field(ge=1, le=240, strict=True)]
Limit = Annotated[float, Field(allow_inf_nan=False, strict=True)] | None


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Done(_Form):
    setting: str
    at_least: Limit = None
    at_most: Limit = None


class _Stop(_Form):
    page: str
    title: Title
    say: Text
    look: Text = {}
    attempt: Annotated[Text, Field(alias="try")] = {}
    expect: Text = {}
    point: Part | Literal[""] = ""
    settings: Settings = {}
    tried: Settings = {}
    done: _Done | None = None
    minutes: Minutes = 3


class _Tour(_Form):
    title: Title
    about: Text = {}
    stops: Annotated[list[_Stop], Field(min_length=1, max_length=MOST_STOPS)]


_TITLE = Message(N_("a text of 1 to %s characters, or one for each of en and ko"), LONGEST_TITLE)
_TEXT = Message(
    N_("a text of 1 to %s characters, or one for each of en and ko"), f"{LONGEST_TEXT:,}"
)
_SETTINGS = Message(N_("settings by their names in links, such as rank: 16"))
_LIMITS = Message(N_("a setting with at_least or at_most, such as setting: rank, at_least: 16"))
RIGHT: dict[str, Message] = {
    "page": Message(N_("the name of a page, such as rank")),
    "title": _TITLE,
    "about": _TEXT,
    "say": _TEXT,
    "look": _TEXT,
    "try": _TEXT,
    "expect": _TEXT,
    "point": Message(N_("one of %(options)s"), options=", ".join(PARTS)),
    "settings": _SETTINGS,
    "tried": _SETTINGS,
    "done": _LIMITS,
    "minutes": Message(N_("a whole number from 1 to 240")),
    "stops": Message(N_("a list of 1 to %s stops"), MOST_STOPS),
}
FIELDS = {
    form: tuple(field.alias or name for name, field in form.model_fields.items())
    for form in (_Tour, _Stop, _Done)
}


def read_tour(name: str, file: str, content: bytes, rules: Rules) -> Tour:
    """The tour that a file describes.

    Args:
        name: what links call it.
        file: what people call the file.
        content: what stands in it.
        rules: what it may name.

    Raises:
        UserError: one sentence on the first thing that is wrong, with what would be right.
    """
    plain = read_plain(file, content)
    if not isinstance(plain, dict):
        raise UserError(N_("%(file)s should be a mapping with “title” and “stops”."), file=file)
    try:
        form = _Tour.model_validate(plain)
    except ValidationError as error:
        _refuse(file, cast("dict[str, Any]", error.errors()[0]))
    stops = tuple(
        _checked_stop(file, number, stop, rules) for number, stop in enumerate(form.stops, start=1)
    )
    return Tour(name, _words(form.title), _words(form.about), stops)


def _refuse(file: str, error: Mapping[str, Any]) -> NoReturn:
    """Say in one sentence what pydantic found first."""
    path: list[Any] = list(error["loc"])
    is_of_stop = len(path) > 1 and path[0] == "stops" and isinstance(path[1], int)
    place = _stop_name(path[1] + 1) if is_of_stop else Message(N_("the tour"))
    rest = path[2:] if is_of_stop else path
    field = str(rest[0]) if rest else ""
    if error["type"] in ("extra_forbidden", "invalid_key"):
        form = _Done if len(rest) > 1 else _Stop if is_of_stop else _Tour
        raise UserError(
            N_("%(file)s, %(place)s: there is no field “%(field)s”; the fields are %(fields)s."),
            file=file,
            place=place,
            field=_short(field if len(rest) == 1 else rest[-1]),
            fields=", ".join(FIELDS[form]),
        )
    if error["type"] == "missing" and len(rest) == 1:
        text = N_("%(file)s, %(place)s: “%(field)s” is missing; it should be %(right)s.")
    elif is_of_stop and not field:
        text = N_("%(file)s, %(place)s should be %(right)s.")
    else:
        text = N_("%(file)s, %(place)s: “%(field)s” should be %(right)s.")
    right = RIGHT.get(field, Message(N_("a mapping with page, title and say")))
    raise UserError(text, file=file, place=place, field=_short(field), right=right)


def _checked_stop(file: str, number: int, form: _Stop, rules: Rules) -> Stop:
    """A stop whose page, settings and numbers are there. Raises `UserError`."""
    place = {"file": file, "place": _stop_name(number)}
    if _page(form) not in rules.pages:
        raise UserError(
            N_("%(file)s, %(place)s: there is no page “%(page)s”; the pages are %(pages)s."),
            **place,
            page=_short(form.page),
            pages=", ".join(rules.pages).replace("_", "-"),
        )
    for field, settings in (("settings", form.settings), ("tried", form.settings | form.tried)):
        if complaint := rules.complaint(settings):
            raise UserError(
                N_("%(file)s, %(place)s, “%(field)s”: %(complaint)s"),
                **place,
                field=field,
                complaint=complaint,
            )
    stop = _stop(form)
    if form.done and (form.done.setting not in rules.numeric or not _has_limit(form.done)):
        raise UserError(
            N_("%(file)s, %(place)s: “%(field)s” should be %(right)s."),
            **place,
            field="done",
            right=_LIMITS,
        )
    if unknown := sorted(one for one in stop.numbers if not is_number(one)):
        raise UserError(
            N_(
                "%(file)s, %(place)s: there is no number {%(number)s}; take one that "
                "docs/tours.md names, such as {trained}."
            ),
            **place,
            number=_short(unknown[0]),
        )
    return stop


def _page(form: _Stop) -> str:
    """The page's name; addresses spell it with dashes."""
    return form.page.replace("-", "_")


def _has_limit(done: _Done) -> bool:
    """Whether there is a limit, and a value within both if there are two."""
    if done.at_least is None or done.at_most is None:
        return done.at_least is not None or done.at_most is not None
    return done.at_least <= done.at_most


def _stop(form: _Stop) -> Stop:
    done = form.done
    return Stop(
        page=_page(form),
        title=_words(form.title),
        say=_words(form.say),
        look=_words(form.look),
        attempt=_words(form.attempt),
        expect=_words(form.expect),
        part=form.point,
        settings=tuple(form.settings.items()),
        tried=tuple(form.tried.items()),
        done=(Condition(done.setting, done.at_least, done.at_most),) if done else (),
        minutes=form.minutes,
    )


def _words(texts: Mapping[str, str]) -> Words:
    return Words(tuple(texts.items()))


def _stop_name(number: int) -> Message:
    return Message(N_("stop %s"), number)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
