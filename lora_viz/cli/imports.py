"""The commands `import`, which reads what people have, and `identify`, which is told a number."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import asdict
from typing import Annotated, Any

import typer

from lora_viz.choices.declaration import as_shown
from lora_viz.choices.scenario import Scenario
from lora_viz.cli.options import json_text
from lora_viz.cli.terminal import as_lines
from lora_viz.errors import UserError
from lora_viz.format import grouped
from lora_viz.i18n import _
from lora_viz.imports.answer import Imported
from lora_viz.imports.contents import Match, adapters_with_bytes, adapters_with_parameters
from lora_viz.imports.plain_text import MAXIMUM_BYTES
from lora_viz.imports.read import read_import
from lora_viz.models.source import typed_model
from lora_viz.questions.ask_for import adapter_of, architecture_of
from lora_viz.questions.kept import compute
from lora_viz.storage import expanded

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def import_command(
    file: Annotated[
        str,
        typer.Argument(
            help=(
                "An adapter_config.json, a config.json, a trainer's YAML or JSON, or a log with "
                "PEFT's line; - for standard input."
            )
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Read what a trainer, PEFT or transformers wrote, as settings of a scenario.

    What was understood is said, and what was not, each key by its name. The settings under
    `scenario` in the JSON are a line of --batch for the other commands.
    """
    found = read_import(_content_of(file))
    if as_json:
        print(json_text(_as_json(found)))
    else:
        print(as_lines(_as_text(found)))


def identify_command(
    model: Annotated[str, typer.Argument(help=str(Scenario.help_text("model")))],
    parameters: Annotated[
        int | None, typer.Option(help="How many parameters are trained, as a log says.")
    ] = None,
    size: Annotated[
        int | None, typer.Option("--bytes", help="The size of adapter_model.safetensors in bytes.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say which adapters have just so many parameters, or a file of just so many bytes.

    Looked for are the usual target modules at every rank, with and without DoRA, with copies of
    the embedding and of the head, and in each number format.
    """
    if (parameters is None) == (size is None):
        raise UserError(_("Give one number: --parameters or --bytes."))
    model = typed_model(model)
    architecture = compute(architecture_of(model))

    def layout_of(wanted: Scenario) -> Any:
        return compute(adapter_of(wanted))

    if parameters is not None:
        found = adapters_with_parameters(model, architecture, layout_of, parameters)
    else:
        found = adapters_with_bytes(model, architecture, layout_of, size or 0)
    if as_json:
        print(json_text([asdict(match) for match in found]))
    elif found:
        print(as_lines(map(_match_as_text, found)))
    else:
        print(_("No usual adapter of this model has just that number."))


def _as_json(found: Imported) -> dict[str, Any]:
    """An import as plain data, with its sentences in the language of this run."""
    return {
        "kind": found.kind,
        "scenario": dict(found.scenario),
        "understood": [
            {
                "key": one.key,
                "value": _plain_value(one.value),
                "fields": list(one.fields),
                "note": str(one.note) if one.note else None,
                "is_default": one.is_default,
            }
            for one in found.understood
        ],
        "not_understood": [
            {"key": one.key, "value": _plain_value(one.value), "why": str(one.why)}
            for one in found.not_understood
        ],
        "counted": asdict(found.counted) if found.counted else None,
    }


def _plain_value(value: Any) -> Any:
    """A value as JSON has it; what is long, or is no JSON, such as a date, as its beginning."""
    is_plain = value is None or isinstance(value, (bool, int, float, str))
    if isinstance(value, list) and all(isinstance(one, (int, float, str)) for one in value):
        is_plain = True
    return value if is_plain and len(str(value)) < 1000 else as_shown(value)


def _content_of(file: str) -> bytes:
    """What stands in a file, as far as any is read. Raises `UserError`."""
    if file == "-" and sys.stdin is None:
        raise UserError(_("Standard input is closed; name a file."))
    try:
        with nullcontext(sys.stdin.buffer) if file == "-" else expanded(file).open("rb") as source:
            return source.read(MAXIMUM_BYTES + 1)
    except (OSError, ValueError):
        raise UserError(_("%s cannot be read.") % file) from None


def _as_text(found: Imported) -> list[str]:
    lines = [found.kind, ""]
    for one in found.understood:
        if one.fields:
            sets = ", ".join(str(Scenario.label(field)) for field in one.fields)
            note = f"  {one.note}" if one.note else ""
            default = "  " + _("(its default)") if one.is_default else ""
            lines.append(f"{one.key:<32} {as_shown(one.value):<32} → {sets}{default}{note}")
    unused = [one.key for one in found.understood if not one.fields]
    if unused:
        lines += ["", _("Changes no number here: %s") % ", ".join(unused)]
    if found.not_understood:
        lines += ["", _("Not understood:")]
        lines += [
            f"{one.key:<32} {as_shown(one.value):<32}   {one.why}" for one in found.not_understood
        ]
    return lines


def _match_as_text(match: Match) -> str:
    formats = " · ".join(dict.fromkeys(filter(None, (match.adapter_dtype, match.saved_dtype))))
    saved = _("with copies of %s") % ", ".join(match.saved) if match.saved else ""
    parts = (
        f"r = {match.rank}",
        ", ".join(match.targets),
        "DoRA" if match.dora else "",
        saved,
        formats,
        _("%s parameters in all") % grouped(match.everything),
    )
    return "  ".join(part for part in parts if part)
