"""The commands `snapshot`, which writes the simulated step, and `explain` of a failed run."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from lora_viz.choices.scenario import Scenario
from lora_viz.cli.options import declared_parameters, json_text, with_typed_model
from lora_viz.cli.terminal import as_line, as_lines
from lora_viz.errors import UserError
from lora_viz.figures.wording.failures import causes_in_message, causes_in_snapshot, kind_words
from lora_viz.format import grouped, size
from lora_viz.i18n import _, set_language
from lora_viz.memory.report import MemoryReport
from lora_viz.memory.snapshots.ask import unpacked
from lora_viz.memory.snapshots.beside import Beside, lay_beside
from lora_viz.memory.snapshots.plain_pickle import looks_like_pickle
from lora_viz.memory.snapshots.refused_memory import LONGEST, read_refused_memory
from lora_viz.questions.ask_for import simulated_snapshot_of, snapshot_facts_of, step_of
from lora_viz.questions.kept import compute
from lora_viz.storage import expanded

Own = tuple[str, Any, Any, Any]  # of an option: its name, type, default, and what typer is told
OUT: Own = (
    "out",
    str,
    inspect.Parameter.empty,
    typer.Option(metavar="FILE", help="The file to write, such as step.pickle."),
)
FILE: Own = (
    "file",
    str,
    inspect.Parameter.empty,
    typer.Argument(
        help="A snapshot of torch.cuda.memory._dump_snapshot, or a log with PyTorch's message.",
        show_default=False,
    ),
)
AS_JSON: Own = ("as_json", bool, False, typer.Option("--json", help="Print JSON."))


def snapshot_command() -> Callable[..., None]:
    """The command `snapshot`, whose options are the fields of a scenario and where to write."""

    def command(**given: Any) -> None:
        """Write the simulated step as a snapshot that pytorch.org/memory_viz reads."""
        out = expanded(given.pop("out"))
        content = unpacked(compute(simulated_snapshot_of(_scenario_of(given))))
        try:
            out.write_bytes(content)
        except OSError as error:
            words = _("%(folder)s cannot be used: %(reason)s.")
            raise UserError(words % {"folder": out, "reason": error.strerror or error}) from None
        print(as_line(f"{out}: {size(len(content))}"))

    return _with_options(command, OUT)


def explain_command() -> Callable[..., None]:
    """The command `explain`, whose options are the fields of a scenario and what a run left."""

    def command(**given: Any) -> None:
        """Lay what a failed run left beside the simulated step, and say what is too large."""
        file, as_json = expanded(given.pop("file")), given.pop("as_json")
        scenario = _scenario_of(given)
        report = compute(step_of(scenario))
        if looks_like_pickle(file):
            _explain_snapshot(file, scenario, report, as_json)
        else:
            _explain_message(file, report, as_json)

    return _with_options(command, FILE, AS_JSON)


def _explain_snapshot(file: Path, scenario: Scenario, report: MemoryReport, as_json: bool) -> None:
    facts = compute(snapshot_facts_of(file, file.name, scenario))
    rows, causes = lay_beside(facts, report), list(causes_in_snapshot(facts, report, scenario))
    if as_json:
        beside = [asdict(row) for row in rows]
        print(json_text({"causes": causes, "beside": beside, "snapshot": asdict(facts)}))
    else:
        print(as_lines([*causes, "", *_table(rows, scenario.method)]))


def _explain_message(file: Path, report: MemoryReport, as_json: bool) -> None:
    said = read_refused_memory(_end_of(file))
    if said is None:
        raise UserError(
            _(
                "%s is neither a snapshot of memory nor a log with PyTorch's message “CUDA out of "
                "memory”."
            )
            % file.name
        )
    causes = list(causes_in_message(said, report))
    print(json_text({"causes": causes, "message": asdict(said)}) if as_json else as_lines(causes))


def _end_of(file: Path) -> str:
    try:
        with file.open("rb") as log:
            log.seek(max(0, file.stat().st_size - LONGEST))
            return log.read(LONGEST).decode(errors="replace")
    except (OSError, ValueError):
        raise UserError(_("%s cannot be read.") % file) from None


def _table(rows: tuple[Beside, ...], method: str) -> Iterator[str]:
    yield f"{_('Bytes'):<34}{_('Snapshot'):>20}{_('Simulated'):>20}"
    for row in rows:
        words = kind_words(row.kinds, method)
        yield f"{words:<34}{grouped(row.measured):>20}{grouped(row.simulated):>20}"


def _scenario_of(given: dict[str, Any]) -> Scenario:
    values = with_typed_model({field: one for field, one in given.items() if one is not None})
    if "model" not in values:
        raise UserError(_("Name a MODEL, such as gpt2."))
    scenario = Scenario.make(values)
    set_language(scenario.language)
    return scenario


def _with_options(command: Callable[..., None], *own: Own) -> Callable[..., None]:
    """The command with options of its own, and with the fields of a scenario."""
    parameters = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=default,
            annotation=Annotated[kind, option],
        )
        for name, kind, default, option in own
    ]
    parameters += declared_parameters(Scenario, argument="model")
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command
