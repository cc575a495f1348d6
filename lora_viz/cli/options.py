"""Options of the command line from declared choices."""

from __future__ import annotations

import inspect
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from lora_viz.choices.declaration import Declared
from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.i18n import _, set_language
from lora_viz.models.source import typed_model
from lora_viz.storage import expanded
from lora_viz.training.settings import TrainingSettings, training_scenario

LENGTHS_TYPED = re.compile(r"\[?[\d\s,]*\]?")
LENGTH = re.compile(r"\d{1,7}")
MOST_OF_A_FILE = 10_000_000  # characters
OF_THE_COMMAND = "Options"  # the title above options that are no setting


class GroupedCommand(TyperCommand):
    """A command whose help shows its options in the groups of the settings."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write one section for each group, in the order of the options, and the rest as usual."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                title = getattr(parameter, "rich_help_panel", None) or OF_THE_COMMAND
                sections.setdefault(title, []).append(record)
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)


def declared_parameters(
    settings: type[Declared], *, argument: str = "", without: tuple[str, ...] = ()
) -> Iterator[inspect.Parameter]:
    """Every field as an option, one as an argument; the settings themselves check the values.

    Other spellings of a field are options that help does not name.
    """
    for field, info in settings.model_fields.items():
        if field in without:
            continue
        if field == argument:
            kind = typer.Argument(
                help=str(settings.help_text(field)),
                show_default=False,
                rich_help_panel=str(settings.group(field)),
            )
        else:
            kind = typer.Option(
                *_option_names(settings, field),
                help=str(settings.help_text(field)),
                show_default=False,
                rich_help_panel=str(settings.group(field)),
            )
        value_type = bool | None if info.annotation is bool else str | None
        yield inspect.Parameter(
            field,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[value_type, kind],  # type: ignore[valid-type]
        )
    for spelling in settings.OTHER_SPELLINGS:
        hidden = typer.Option(f"--{settings.short_name(spelling)}", hidden=True)
        yield inspect.Parameter(
            spelling,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[str | None, hidden],
        )


def with_typed_model(values: dict[str, Any]) -> dict[str, Any]:
    """The values with the whole path of a model that is a folder or file of this machine, and with
    the lengths of texts that a file of it holds."""
    values = _with_lengths_of_file(values)
    model = values.get("model")
    return values | {"model": typed_model(model)} if isinstance(model, str) else values


def _with_lengths_of_file(values: dict[str, Any]) -> dict[str, Any]:
    """The values with the lengths that a file holds, where one is named in their place.

    It holds numbers of tokens, as JSON or with commas, spaces or line ends between them.

    Raises:
        UserError: it cannot be read, or holds anything else.
    """
    given = values.get("lengths")
    if not isinstance(given, str) or not given or LENGTHS_TYPED.fullmatch(given):
        return values
    try:
        with expanded(given).open(encoding="utf-8") as file:
            text = file.read(MOST_OF_A_FILE + 1)
    except (OSError, ValueError):
        raise UserError(_("%s cannot be read.") % given) from None
    numbers = text.strip().removeprefix("[").removesuffix("]").replace(",", " ").split()
    is_whole = len(text) <= MOST_OF_A_FILE
    if not is_whole or not numbers or not all(map(LENGTH.fullmatch, numbers)):
        raise UserError(
            _("%s should hold numbers of tokens, such as [128, 256, 512], in at most 10 MB.")
            % given
        )
    return values | {"lengths": tuple(map(int, numbers))}


def typed_settings(values: dict[str, Any]) -> TrainingSettings:
    """The settings of a training job from a scenario's options and its own; sets the language.

    Raises:
        UserError: a value is not allowed, or --data is there and names nothing, as where a
            variable of the shell is empty.
    """
    values = with_typed_model(values)
    in_scenario = {name: value for name, value in values.items() if Scenario.takes(name)}
    others = {name: value for name, value in values.items() if name not in in_scenario}
    scenario = training_scenario(in_scenario)
    set_language(scenario.language)
    if not others.get("data_file", "any"):
        raise UserError(_("No file is named: give your text or JSONL."))
    return TrainingSettings.make({"scenario": scenario, **others})


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


def named_folder(given: str) -> Path:
    """The folder that an option names, absolute, with ~ and .. resolved. Raises `UserError`."""
    path = expanded(given)
    path = path.resolve() if ".." in path.parts else path
    if not given.strip() or not path.name:
        raise UserError(
            _("“%s” cannot be the folder of --out; name a new or an empty one, such as runs/NAME.")
            % given[:80]
        )
    return path


def new_folder(given: str) -> Path:
    """The folder that an option names, if it is new or empty. Raises `UserError`."""
    path = named_folder(given)
    try:
        if not path.exists() and not path.is_symlink():
            return path
        if not path.is_dir():
            words = _("%s is a file; name a new or an empty folder, such as runs/NAME.")
        elif any((path / name).exists() for name in ("settings.json", "sweep.json")):
            words = _("There is a run in %s already; continue it with --resume, or name another.")
        elif any(path.iterdir()):
            words = _("%s holds other files; name a new or an empty folder, such as runs/NAME.")
        else:
            return path
    except OSError as error:
        raise UserError(
            _("%(folder)s cannot be used: %(reason)s.")
            % {"folder": path, "reason": error.strerror or error}
        ) from None
    raise UserError(words % path)


def _option_names(settings: type[Declared], field: str) -> tuple[str, ...]:
    name = settings.short_name(field)
    is_switch = settings.model_fields[field].annotation is bool
    return (f"--{name}/--no-{name}",) if is_switch else (f"--{name}",)
