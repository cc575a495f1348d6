"""Options of the command line from declared choices."""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from lora_viz.declared import Declared
from lora_viz.model_source import typed_model


def declared_parameters(
    settings: type[Declared], *, argument: str = "", without: tuple[str, ...] = ()
) -> Iterator[inspect.Parameter]:
    """Every field as an option, one as an argument; the settings themselves check the values."""
    for field, info in settings.model_fields.items():
        if field in without:
            continue
        if field == argument:
            kind = typer.Argument(help=settings.help_text(field), show_default=False)
        else:
            names = _option_names(settings, field)
            kind = typer.Option(*names, help=settings.help_text(field), show_default=False)
        value_type = bool | None if info.annotation is bool else str | None
        yield inspect.Parameter(
            field,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[value_type, kind],  # type: ignore[valid-type]
        )


def with_typed_model(values: dict[str, Any]) -> dict[str, Any]:
    """The values with the whole path of a model that is a folder or file of this machine."""
    model = values.get("model")
    return values | {"model": typed_model(model)} if isinstance(model, str) else values


def json_text(value: Any) -> str:
    """JSON on one line as every reader of JSON takes it: what is not a number is null."""
    return json.dumps(_without_nan(value), ensure_ascii=False, allow_nan=False)


def _without_nan(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _without_nan(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(one) for one in value]
    return value


def _option_names(settings: type[Declared], field: str) -> tuple[str, ...]:
    name = settings.short_name(field)
    is_switch = settings.model_fields[field].annotation is bool
    return (f"--{name}/--no-{name}",) if is_switch else (f"--{name}",)
