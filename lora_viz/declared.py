"""Choices that are declared once and read by pages, links, the command line and saved settings.

A subclass of `Declared` is a frozen pydantic model whose fields are made with `choice`. What a
person reads about a field, its name in links, its limits and the sentence that says what is wrong
with a value all come from that one declaration.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self, get_args

from annotated_types import Ge, Le
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from lora_viz.errors import UserError
from lora_viz.i18n import _


def choice(default: Any, label: str, help_text: str, *, short: str | None = None) -> Any:
    """A field with what people read about it; `short` is its name in links and options."""
    extra: dict[str, Any] = {"label": label, "help": help_text}
    if short:
        extra["short"] = short
    return Field(default, json_schema_extra=extra)


class Declared(BaseModel):
    """One setting of every choice that a subclass declares."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    EXPECTATIONS: ClassVar[dict[str, str]] = {}

    @field_validator("*", mode="before")
    @classmethod
    def take_true_for_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse true and false, which Python counts as 1 and 0, where a field is no switch."""
        assert info.field_name is not None
        if isinstance(value, bool) and cls.model_fields[info.field_name].annotation is not bool:
            raise ValueError("neither true nor false")
        return value

    @classmethod
    def short_name(cls, field: str) -> str:
        """A field's name in links and, with two dashes before it, on the command line."""
        return str(cls._extra(field).get("short") or field.replace("_", "-"))

    @classmethod
    def fields_by_short_name(cls) -> dict[str, str]:
        """Every field's name by its name in links."""
        return {cls.short_name(field): field for field in cls.model_fields}

    @classmethod
    def label(cls, field: str) -> str:
        """A field's translated label."""
        return _(str(cls._extra(field)["label"]))

    @classmethod
    def help_text(cls, field: str) -> str:
        """A field's translated explanation."""
        return _(str(cls._extra(field)["help"]))

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
        arguments = get_args(cls.model_fields[field].annotation)
        return arguments if all(isinstance(argument, str) for argument in arguments) else ()

    @classmethod
    def make(cls, values: Mapping[str, Any]) -> Self:
        """Checked settings from field names (or short names) and values; the rest are defaults.

        Raises:
            UserError: one sentence that names the first field that is wrong and what is right.
        """
        names = cls.fields_by_short_name()
        fields = {names.get(key, key): values[key] for key in values}
        for field in fields:
            if field not in cls.model_fields:
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

    def to_query(self, defaults: Self | None = None) -> dict[str, str]:
        """The settings as link parameters; what equals its default is left out."""
        defaults = defaults or self.defaults()
        return {
            self.short_name(field): _as_text(getattr(self, field))
            for field in type(self).model_fields
            if getattr(self, field) != getattr(defaults, field)
        }

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> tuple[Self, list[str]]:
        """Read link parameters, by their short names or the fields' own; others are left alone.

        Returns:
            The settings, with defaults for invalid values, and one sentence for each of those.
        """
        values: dict[str, str] = {}
        complaints: list[str] = []
        for short, field in cls.fields_by_short_name().items():
            value = query.get(short, query.get(field))
            if value is not None:
                try:
                    cls.make({field: value})
                    values[field] = value
                except UserError as error:
                    complaints.append(str(error))
        return cls.make(values), complaints

    @classmethod
    def _extra(cls, field: str) -> dict[str, Any]:
        extra = cls.model_fields[field].json_schema_extra
        assert isinstance(extra, dict)
        return extra

    @classmethod
    def _unknown(cls, name: str) -> str:
        return _("“%(name)s” is not a setting; the settings are %(names)s.") % {
            "name": _shortened(name),
            "names": ", ".join(cls.fields_by_short_name()),
        }

    @classmethod
    def _complaint(cls, field: str, value: object) -> str:
        return _("%(label)s cannot be “%(value)s”; it should be %(expected)s.") % {
            "label": cls.label(field),
            "value": _shortened(value),
            "expected": cls._expectation(field),
        }

    @classmethod
    def _expectation(cls, field: str) -> str:
        annotation = cls.model_fields[field].annotation
        if field in cls.EXPECTATIONS:
            return _(cls.EXPECTATIONS[field])
        if annotation is bool:
            return _("1 (on) or 0 (off)")
        if cls.options(field):
            return _("one of %(options)s") % {"options": ", ".join(cls.options(field))}
        low, high = cls.limits(field)
        kind = _("a whole number") if annotation is int else _("a number")
        return _("%(kind)s from %(low)s to %(high)s") % {
            "kind": kind,
            "low": f"{low:,}",
            "high": f"{high:,}",
        }


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(value)


def _shortened(value: object, length: int = 60) -> str:
    text = str(value)
    return text if len(text) <= length else text[: length - 1] + "…"
