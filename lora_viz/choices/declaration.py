"""Choices that are declared once and read by pages, links, the command line and saved settings.

A subclass of `Declared` is a frozen pydantic model whose fields are made with `choice`. What a
person reads about a field, its name in links, its limits and the sentence that says what is wrong
with a value all come from that one declaration.

A link is written by anyone. It may set fields whose declaration leaves no room: switches, numbers
within limits, one of a few words. Free text is taken from a link only where its field is marked
with `InLinks`, and only in the form that is said there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from lora_viz.choices.groups import GROUPS
from lora_viz.errors import UserError
from lora_viz.i18n import N_, Message, encodable

LONGEST_WORDS = 200  # characters of a value in a link that is no free text
LONGEST_SHOWN = 60  # characters of a refused value in a sentence


@dataclass(frozen=True)
class InLinks:
    """Marks a field of free text that a link may set.

    Args:
        form: what the text looks like, or each text of several.
        expected: what is right, for the sentence about a text that looks otherwise.
        longest: how many characters the whole value has at most.
    """

    form: re.Pattern[str]
    expected: str
    longest: int = LONGEST_WORDS

    def allows(self, value: object) -> bool:
        """Whether a link may hold this text, or all of these texts."""
        texts = value if isinstance(value, tuple) else (value,)
        return all(self.form.fullmatch(str(text)) for text in texts)


@dataclass(frozen=True)
class OtherSpelling:
    """A second way to say what a field says: it is read wherever fields are, and never written.

    Args:
        label: what people read before its value; marked for translation, as is the help text.
        help_text: what it does.
        options: the words that it takes.
    """

    label: str
    help_text: str
    options: tuple[str, ...]


def choice(
    default: Any, label: str, help_text: str, *, short: str | None = None, group: str = ""
) -> Any:
    """A field with what people read about it; `short` is its name in links and options.

    `group` is a key of `GROUPS`. The fields of a group are declared one after the other, so that
    the order of the fields is that of the groups wherever fields are shown.
    """
    extra: dict[str, Any] = {"label": label, "help": help_text, "group": group}
    if short:
        extra["short"] = short
    return Field(default, json_schema_extra=extra)


class Declared(BaseModel):
    """One setting of every choice that a subclass declares."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    EXPECTATIONS: ClassVar[dict[str, str]] = {}
    OTHER_SPELLINGS: ClassVar[dict[str, OtherSpelling]] = {}

    @field_validator("*", mode="before")
    @classmethod
    def take_true_for_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse true and false, which Python counts as 1 and 0, where a field is no switch."""
        assert info.field_name is not None
        if isinstance(value, bool) and cls.model_fields[info.field_name].annotation is not bool:
            raise ValueError("neither true nor false")
        return value

    @model_validator(mode="after")
    def hold_whole_characters(self) -> Self:
        """Refuse text with half a character in it, which no file and no page can hold."""
        for field in type(self).model_fields:
            value = getattr(self, field)
            texts = value if isinstance(value, tuple) else (value,)
            if any(isinstance(text, str) and encodable(text) != text for text in texts):
                raise UserError(self._complaint(field, ", ".join(map(str, texts))))
        return self

    @classmethod
    def short_name(cls, field: str) -> str:
        """A field's name in links and, with two dashes before it, on the command line."""
        if field in cls.OTHER_SPELLINGS:
            return field.replace("_", "-")
        return str(cls._extra(field).get("short") or field.replace("_", "-"))

    @classmethod
    def fields_by_short_name(cls) -> dict[str, str]:
        """Every field's name by its name in links."""
        return {cls.short_name(field): field for field in cls.model_fields}

    @classmethod
    def label(cls, field: str) -> Message:
        """A field's label."""
        if field in cls.OTHER_SPELLINGS:
            return Message(cls.OTHER_SPELLINGS[field].label)
        return Message(str(cls._extra(field)["label"]))

    @classmethod
    def help_text(cls, field: str) -> Message:
        """A field's explanation."""
        if field in cls.OTHER_SPELLINGS:
            return Message(cls.OTHER_SPELLINGS[field].help_text)
        return Message(str(cls._extra(field)["help"]))

    @classmethod
    def group(cls, field: str) -> Message:
        """The title of the group that a field belongs to."""
        return Message(GROUPS[cls._extra(field)["group"]])

    @classmethod
    def groups(cls) -> dict[Message, tuple[str, ...]]:
        """The fields of each group, by its title."""
        fields: dict[Message, tuple[str, ...]] = {}
        for field in cls.model_fields:
            title = cls.group(field)
            fields[title] = (*fields.get(title, ()), field)
        return fields

    @classmethod
    def limits(cls, field: str) -> tuple[Any, Any]:
        """The smallest and the largest value of a numeric field."""
        metadata = cls.model_fields[field].metadata
        low = next(item.ge for item in metadata if isinstance(item, Ge))
        high = next(item.le for item in metadata if isinstance(item, Le))
        return low, high

    @classmethod
    def options(cls, field: str) -> tuple[str, ...]:
        """The values of a field that is one of a few words; empty for any other field."""
        if field in cls.OTHER_SPELLINGS:
            return cls.OTHER_SPELLINGS[field].options
        arguments = get_args(cls.model_fields[field].annotation)
        return arguments if all(isinstance(argument, str) for argument in arguments) else ()

    @classmethod
    def is_in_links(cls, field: str) -> bool:
        """Whether a link may set this field."""
        info = cls.model_fields[field]
        return _leaves_no_room(info.annotation) or cls._link_form(field) is not None

    @classmethod
    def takes(cls, name: str) -> bool:
        """Whether a value can be given under this name: a field's, or another spelling of one."""
        return name in cls.model_fields or name in cls.OTHER_SPELLINGS

    @classmethod
    def read_word(cls, spelling: str, value: object) -> str:
        """The word that another spelling was given.

        Raises:
            UserError: it is none of those that it takes.
        """
        if isinstance(value, str) and value in cls.options(spelling):
            return value
        raise UserError(cls._complaint(spelling, value))

    @classmethod
    def make(cls, values: Mapping[str, Any]) -> Self:
        """Checked settings from field names (or short names) and values; the rest are defaults.

        Raises:
            UserError: one sentence that names the first field that is wrong and what is right.
        """
        names = cls.fields_by_short_name()
        fields = {names.get(key, key): values[key] for key in values}
        for field in fields:
            if not cls.takes(field):
                raise UserError(cls._unknown(field))
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            first = error.errors()[0]
            said = first.get("ctx", {}).get("error")
            if isinstance(said, UserError):
                raise said from None
            raise UserError(cls._complaint(str(first["loc"][0]), first.get("input"))) from None

    def changed(self, **values: Any) -> Self:
        """These settings with some replaced, all checked again. Raises `UserError`."""
        return self.make(self.model_dump() | values)

    def defaults(self) -> Self:
        """The settings that links are shortened against."""
        return type(self)()

    def differing(self, defaults: Self | None = None) -> dict[str, str]:
        """What differs from the defaults, as texts by the fields' short names."""
        defaults = defaults or self.defaults()
        return {
            self.short_name(field): _as_text(getattr(self, field))
            for field in type(self).model_fields
            if getattr(self, field) != getattr(defaults, field)
        }

    def to_query(self, defaults: Self | None = None) -> dict[str, str]:
        """The settings as link parameters, without what equals its default or fits no link."""
        names = self.fields_by_short_name()
        return {
            name: text
            for name, text in self.differing(defaults).items()
            if self.fits_links(names[name])
        }

    def fits_links(self, field: str) -> bool:
        """Whether a link may hold the field's value."""
        value = getattr(self, field)
        return self._why_not_in_links(field, _as_text(value), value) is None

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> tuple[Self, list[Message]]:
        """Read link parameters, by their short names or the fields' own; others are left alone.

        Returns:
            The settings, with defaults for invalid values, and one sentence for each of those.
        """
        made, values, complaints = cls(), {}, []
        names = {
            cls.short_name(field): field for field in (*cls.model_fields, *cls.OTHER_SPELLINGS)
        }
        for short, field in names.items():
            text = query.get(short, query.get(field))
            if text is None:
                continue
            try:
                made = cls.make_from_link(values | {field: text})
                values[field] = text
            except UserError as error:
                complaints.append(error.message)
        return made, complaints

    @classmethod
    def make_from_link(cls, values: Mapping[str, str]) -> Self:
        """What `make` does, for values of which a link tells.

        Raises:
            UserError: one sentence on the first value that is wrong, or that no link may set.
        """
        names = cls.fields_by_short_name()
        for key, text in values.items():
            field = names.get(key, key)
            if field in cls.model_fields and (why := cls._why_not_in_links(field, text)):
                raise UserError(why)
        made = cls.make(values)
        for key, text in values.items():
            field = names.get(key, key)
            if field not in cls.model_fields:  # one of a few words, or it was refused by now
                continue
            if why := cls._why_not_in_links(field, text, getattr(made, field)):
                raise UserError(why)
        return made

    @classmethod
    def _why_not_in_links(cls, field: str, text: str, value: object = None) -> Message | None:
        """What keeps a text, and the value that it stands for, out of links; None if nothing does.

        Without a value only what can be said of any text is looked at: its length and its letters.
        """
        if not cls.is_in_links(field):
            return Message(
                N_("%s is not taken from links; choose it on its page."), cls.label(field)
            )
        form = cls._link_form(field)
        fits = len(text) <= (form.longest if form else LONGEST_WORDS) and text.isprintable()
        if fits and (value is None or form is None or form.allows(value)):
            return None
        expected = Message(form.expected) if form else cls._expectation(field)
        return cls._complaint(field, text, expected)

    @classmethod
    def _link_form(cls, field: str) -> InLinks | None:
        marks = cls.model_fields[field].metadata
        return next((mark for mark in marks if isinstance(mark, InLinks)), None)

    @classmethod
    def _extra(cls, field: str) -> dict[str, Any]:
        extra = cls.model_fields[field].json_schema_extra
        assert isinstance(extra, dict)
        return extra

    @classmethod
    def _unknown(cls, name: str) -> Message:
        return Message(
            N_("“%(name)s” is not a setting; the settings are %(names)s."),
            name=as_shown(name),
            names=", ".join(cls.fields_by_short_name()),
        )

    @classmethod
    def _complaint(cls, field: str, value: object, expected: Message | None = None) -> Message:
        return Message(
            N_("%(label)s cannot be “%(value)s”; it should be %(expected)s."),
            label=cls.label(field),
            value=as_shown(value),
            expected=expected or cls._expectation(field),
        )

    @classmethod
    def _expectation(cls, field: str) -> Message:
        if field in cls.EXPECTATIONS:
            return Message(cls.EXPECTATIONS[field])
        if cls.options(field):
            return Message(N_("one of %(options)s"), options=", ".join(cls.options(field)))
        annotation = cls.model_fields[field].annotation
        if annotation is bool:
            return Message(N_("1 (on) or 0 (off)"))
        if several := _words_of_several(annotation):
            return Message(
                N_("one or more of %(options)s, with commas between them"),
                options=", ".join(several),
            )
        if form := cls._link_form(field):
            return Message(form.expected)
        low, high = cls.limits(field)
        kind = N_("a whole number") if annotation is int else N_("a number")
        return Message(
            N_("%(kind)s from %(low)s to %(high)s"),
            kind=Message(kind),
            low=f"{low:,}",
            high=f"{high:,}",
        )


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(value)


def _leaves_no_room(annotation: object) -> bool:
    """Whether a type is a switch, a number, one of a few words, or several of these."""
    if annotation in (bool, int, float) or get_origin(annotation) is Literal:
        return True
    arguments = get_args(annotation)
    if get_origin(annotation) is Annotated or arguments[1:] == (...,):
        return _leaves_no_room(arguments[0])
    return False


def _words_of_several(annotation: object) -> tuple[str, ...]:
    """The words that a type of several of a few words allows; empty for any other type."""
    arguments = get_args(annotation)
    is_several = arguments[1:] == (...,) and get_origin(arguments[0]) is Literal
    return get_args(arguments[0]) if is_several else ()


def as_shown(value: object) -> str:
    """A value in a sentence: not too long, and with a mark for each sign that cannot be shown."""
    text = value if isinstance(value, str) else _safe_text(value)
    if len(text) > LONGEST_SHOWN:
        text = text[: LONGEST_SHOWN - 1] + "…"
    return "".join(sign if sign.isprintable() else "�" for sign in text)


def _safe_text(value: object) -> str:
    try:
        return str(value)
    except (ValueError, RecursionError):  # a number of more than 4,300 digits, lists within lists
        return "…"
