"""The command `report`: a scenario, or a file of them, as HTML, PowerPoint or PDF."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from lora_viz.choices.scenario import Scenario
from lora_viz.choices.scenario_links import decode
from lora_viz.cli.batch import lines_of, scenario_in
from lora_viz.cli.options import declared_parameters, with_typed_model
from lora_viz.cli.terminal import as_line, tell
from lora_viz.errors import UserError
from lora_viz.format import size
from lora_viz.i18n import _, set_language
from lora_viz.questions.kept import ask, compute
from lora_viz.storage import expanded, is_writable

USUAL_ADDRESS = "http://localhost:8501/"  # where `make app` serves
OWN_OPTIONS: dict[str, tuple[Any, Any, Any]] = {
    "out": (
        str,
        inspect.Parameter.empty,
        typer.Option(metavar="FILE", help="The file to write: .html, .pptx or .pdf."),
    ),
    "batch": (
        str | None,
        None,
        typer.Option(
            metavar="FILE",
            help="A chapter for each line of FILE (- for standard input), a scenario as JSON.",
        ),
    ),
    "runs": (
        str,
        "",
        typer.Option(metavar="NAMES", help="Runs whose curves are shown, with commas between."),
    ),
    "compare": (
        str,
        "",
        typer.Option(
            metavar="SCENARIOS",
            help="Up to four scenarios, as the page “Compare” writes them into its address.",
        ),
    ),
    "planner": (
        bool,
        False,
        typer.Option("--planner", help="Ask about every card of the table, which takes a while."),
    ),
    "address": (
        str,
        USUAL_ADDRESS,
        typer.Option(metavar="URL", help="Where LoRA Viz is found, for the link that restores."),
    ),
}


def report_command() -> Callable[..., None]:
    """The command `report`, whose options are the fields of a scenario and a few of its own."""

    def report(**given: Any) -> None:
        """Write what the pages say of a scenario into one file: HTML, PowerPoint or PDF."""
        own = {name: given.pop(name) for name in OWN_OPTIONS}
        values = with_typed_model({name: one for name, one in given.items() if one is not None})
        set_language(Scenario.make(values).language)
        if own["batch"] is None and "model" not in values:
            raise UserError(_("Name a MODEL, such as gpt2, or give --batch FILE."))
        _write(own, values)

    parameters = [*declared_parameters(Scenario, argument="model"), *_own_parameters()]
    report.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    report.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return report


def _own_parameters() -> Iterator[inspect.Parameter]:
    for name, (kind, default, option) in OWN_OPTIONS.items():
        yield inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=default,
            annotation=Annotated[kind, option],
        )


def _write(own: dict[str, Any], values: dict[str, Any]) -> None:
    """Make the report and write it. Raises `UserError`."""
    # Plotly takes a while to import, which other commands do not wait for
    from lora_viz.report.making import make_report
    from lora_viz.report.writing import format_of

    as_file = format_of(own["out"])
    if not _is_address(own["address"]):
        raise UserError(
            _("“%s” is no address; it should begin with https://.") % own["address"][:80]
        )
    if own["batch"] is None:
        report = make_report([_wanted(own, values)], compute, tell)
    else:
        lines = lines_of(own["batch"])
        report = make_report(
            [_wanted_in(line, own, values) for line in lines if line.strip()], ask, tell
        )
    if not report.chapters:
        raise UserError(_("%s holds no scenario.") % own["batch"])
    file, content = expanded(own["out"]), as_file(report)
    try:
        _write_whole(file, content)
    except OSError as error:
        words = _("%(folder)s cannot be used: %(reason)s.")
        raise UserError(words % {"folder": file, "reason": error.strerror or error}) from None
    print(as_line(f"{file}: {size(len(content))}"))


def _is_address(words: str) -> bool:
    """Whether it begins with a protocol of the web and names a machine."""
    try:
        parts = urlsplit(words)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and words.isprintable()
    except ValueError:
        return False


def _write_whole(file: Path, content: bytes) -> None:
    """Write a file so that an earlier one stays where the disk takes less. Raises `OSError`."""
    end = file.resolve()
    is_ordinary = end.is_file() and is_writable(end.parent)
    if end.exists() and not is_ordinary:  # such as /dev/stdout
        end.write_bytes(content)
        return
    unfinished = end.with_name(f".{os.getpid()}{end.suffix}")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(end)
    except OSError:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise


def _wanted(own: dict[str, Any], values: dict[str, Any]) -> Any:
    """What a chapter about these values is about. Raises `UserError`."""
    from lora_viz.report.link import scenario_link
    from lora_viz.report.making import Wanted

    scenario = Scenario.make(values)
    scenarios, complaints = decode(own["compare"])
    if complaints:
        raise UserError(complaints[0])
    return Wanted(
        scenario,
        link=scenario_link(own["address"], scenario),
        runs=tuple(name.strip() for name in own["runs"].split(",") if name.strip()),
        compared=scenarios,
        planner=own["planner"],
    )


def _wanted_in(line: bytes, own: dict[str, Any], shared: dict[str, Any]) -> Any:
    """The same for a line of a file, or the sentence on what is wrong with it."""
    try:
        return _wanted(own, shared | with_typed_model(scenario_in(line)))
    except UserError as error:
        return str(error)
