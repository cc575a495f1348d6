"""The command `export`: a scenario as the file that training elsewhere begins with."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import typer

from lora_viz.choices.scenario import Scenario
from lora_viz.cli.options import declared_parameters, with_typed_model
from lora_viz.cli.terminal import as_line, tell
from lora_viz.errors import UserError
from lora_viz.exports.formats import FORMATS, Exported, export, format_named
from lora_viz.format import size
from lora_viz.i18n import _, set_language
from lora_viz.questions.ask_for import architecture_of
from lora_viz.questions.kept import compute
from lora_viz.storage import expanded


def export_command() -> Callable[..., None]:
    """The command `export`, whose options are the fields of a scenario and where to write."""

    def command(**given: Any) -> None:
        """Write a scenario as the file that training elsewhere begins with."""
        name, out = given.pop("format"), given.pop("out")
        values = with_typed_model({field: one for field, one in given.items() if one is not None})
        scenario = Scenario.make(values)
        set_language(scenario.language)
        format_named(name)
        if "model" not in values:
            raise UserError(_("Name a MODEL, such as gpt2."))
        class_name = compute(architecture_of(scenario)).class_name
        _hand_out(export(name, scenario, class_name), out)

    parameters = [*_own_parameters(), *declared_parameters(Scenario, argument="model")]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def _own_parameters() -> Iterator[inspect.Parameter]:
    which = typer.Argument(help=f"One of {', '.join(FORMATS)}.", show_default=False)
    where = typer.Option(metavar="FILE", help="The file to write; without it the text is printed.")
    for name, kind, default, option in (
        ("format", str, inspect.Parameter.empty, which),
        ("out", str, "", where),
    ):
        yield inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=default,
            annotation=Annotated[kind, option],
        )


def _hand_out(exported: Exported, out: str) -> None:
    """Write or print the text, and tell what it has no place for. Raises `UserError`."""
    if out:
        _write(exported.text, out)
    else:
        print(exported.text, end="")
    for line in exported.unsaid:
        tell(line)


def _write(text: str, out: str) -> None:
    file = expanded(out)
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        words = _("%(folder)s cannot be used: %(reason)s.")
        raise UserError(words % {"folder": file, "reason": error.strerror or error}) from None
    print(as_line(f"{file}: {size(file.stat().st_size)}"))
