"""The command line: the pages' answers as text, as JSON, and for a whole file of scenarios."""

from __future__ import annotations

import inspect
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from io import TextIOWrapper
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from lora_viz import storage
from lora_viz.choices.scenario import Scenario
from lora_viz.cli import reports
from lora_viz.cli.batch import lines_of, scenario_in
from lora_viz.cli.cards import cards_as_text, of_cards
from lora_viz.cli.counted import EVERY_LAYER, count_as_text
from lora_viz.cli.export import export_command
from lora_viz.cli.imports import identify_command, import_command
from lora_viz.cli.options import GroupedCommand, declared_parameters, with_typed_model
from lora_viz.cli.report import report_command
from lora_viz.cli.snapshots import explain_command, snapshot_command
from lora_viz.cli.sweep import sweep_command
from lora_viz.cli.terminal import as_lines, saying_where_slow, tell
from lora_viz.cli.train import runs_app, train_command
from lora_viz.errors import UserError, in_a_sentence, is_lack_of_memory, with_its_words
from lora_viz.explainer.audit import audit
from lora_viz.format import grouped, percent
from lora_viz.i18n import LANGUAGES, _, current_language, set_language
from lora_viz.machine.cards import cards
from lora_viz.models.catalogue import catalogue
from lora_viz.questions.kept import ask, compute

app = typer.Typer(
    name="lora_viz",
    help="LoRA fine-tuning in numbers: what an adapter counts, and what it takes to store it.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
Report = Callable[[Scenario, reports.Ask], dict[str, Any]]


def main() -> NoReturn:
    """Run the command line: one sentence on stderr and exit status 2 where something is wrong."""
    _open_what_is_closed()
    logging.getLogger("lora_viz").addHandler(logging.NullHandler())  # sentences are enough here
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal may lack "→" or "한"
    set_language(_asked_language(sys.argv[1:]))
    try:
        if sys.stdout is None:
            raise UserError(_("Standard output is closed: there is nowhere to write the answer."))
        status = app(prog_name="lora-viz", standalone_mode=False)
        print(end="", flush=True)
    except UserError as error:
        status = _complain(error, 2)
    except typer.TyperException as error:
        status = _complain(_usage(error), 2)
    except (typer.Abort, KeyboardInterrupt):
        status = 130
    except (BrokenPipeError, SystemExit):  # the reader has closed the pipe; typer raises the second
        status = _write_no_more(128 + signal.SIGPIPE)
    except Exception as error:
        status = _write_no_more(_complain(_unexpected(error), 2))
    sys.exit(status if isinstance(status, int) else 0)


def _open_what_is_closed() -> None:
    """Let no file that is opened later take the place of a standard stream that is closed."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest that is free
    if sys.stderr is None:  # or what is printed there would go to standard output
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 (for good)


def _complain(words: object, status: int) -> int:
    with suppress(OSError, ValueError):  # nobody listens
        tell(words)
    return status


def _write_no_more(status: int) -> int:
    """Let Python's own last flush of standard output, which may be closed or full, go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return status


def _asked_language(arguments: list[str]) -> str:
    """The language of --lang, so that what is wrong with other options is said in it too."""
    option = f"--{Scenario.short_name('language')}"
    for one, following in pairwise([*arguments, ""]):
        name, sign, value = one.partition("=")
        asked = value if sign else following
        if name == option and asked in LANGUAGES:
            return asked
    return current_language()


def _usage(error: typer.TyperException) -> str:
    """One sentence about a command line that names what there is not, or leaves something out."""
    kind, option = type(error).__name__, getattr(error, "option_name", "")
    if kind == "NoSuchOption":
        return _("There is no option “%s”; --help lists all options.") % option
    if kind == "MissingParameter":
        name = getattr(getattr(error, "param", None), "name", "") or ""
        return _("This command needs %s; --help says more.") % name.upper()
    sentence = _("This command line cannot be read; --help says how it is written.")
    return str(with_its_words(sentence, in_a_sentence(error)))


def _unexpected(error: Exception) -> str:
    """One sentence about an error that nobody foresaw."""
    if is_lack_of_memory(error):
        return _("There is too little memory for this; free some, or raise “ulimit -v”.")
    kind = type(error).__name__
    sentence = _("This cannot be answered, for a reason that was not foreseen (%s).") % kind
    return str(with_its_words(sentence, in_a_sentence(error)))


@app.command("models")
def models(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the catalogue, with the parameters of each model as transformers counts them."""
    rows = [
        {
            "model": entry.key,
            "name": entry.name,
            "hub_id": entry.hub_id,
            "family": entry.family,
            "licence": entry.licence,
            "parameters": entry.parameters,
            "published_parameters": entry.published_parameters,
            "published_is_rounded": entry.published_precision > 0,
            "published_source": entry.published_source,
        }
        for entry in catalogue().values()
    ]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        size = grouped(row["parameters"])
        published = ""
        if row["published_is_rounded"]:
            published = "  " + _("published, rounded: %s") % grouped(row["published_parameters"])
        print(f"{row['model']:<16} {row['name']:<24} {size:>16}  {row['licence']}{published}")


@app.command("audit")
def audit_document(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Hold every figure of the explainer against the recomputed one."""
    findings = audit(compute)
    if as_json:
        rows = [
            asdict(finding) | {"claim": str(finding.claim), "explanation": str(finding.explanation)}
            for finding in findings
        ]
        print(json.dumps(rows, ensure_ascii=False))
        return
    for finding in findings:
        stated = f"{finding.stated} {finding.unit}".strip()
        print(f"§{finding.section:<4}{finding.verdict:<13}{stated:>16}  {finding.claim}")


@app.command("prepare")
def prepare() -> None:
    """Work out the answers of the default scenario, so that the app's first page has them."""
    from lora_viz.cli.prepare import prepare_answers

    for message in prepare_answers():
        print(message)


@app.command("prune")
def prune(
    everything: Annotated[
        bool, typer.Option("--all", help="Free all that no run and nobody uses, whatever its age.")
    ] = False,
    only_look: Annotated[
        bool, typer.Option("--dry-run", help="Delete nothing, and say what would be.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Free what is kept on this machine beyond its bounds in size and age.

    Kept are answers, tokens, uploaded configurations and training data. What a run's settings
    name stays, and so do uploads and data that were used within the last day.
    """
    pruned = [
        storage.prune(kind, everything=everything, only_look=only_look) for kind in storage.KINDS
    ]
    if as_json:
        print(json.dumps([asdict(one) for one in pruned]))
    else:
        for one in pruned:
            print(_pruned_as_text(one, only_look))
    if refused := sum(one.refused for one in pruned):
        raise UserError(
            _("Files that could not be deleted: %(files)s. Make the folder %(folder)s writable.")
            % {"files": grouped(refused), "folder": storage.base_folder()}
        )


def _pruned_as_text(pruned: storage.Pruned, only_look: bool) -> str:
    words = (
        _("would free %(freed)s MB (files: %(files)s) and keep %(left)s of at most %(most)s MB")
        if only_look
        else _("freed %(freed)s MB (files: %(files)s) and kept %(left)s of at most %(most)s MB")
    )
    numbers = {
        "files": grouped(pruned.files),
        "freed": f"{pruned.bytes / storage.MEGABYTE:,.1f}",
        "left": f"{pruned.bytes_left / storage.MEGABYTE:,.1f}",
        "most": grouped(storage.bound_bytes(pruned.kind) // storage.MEGABYTE),
    }
    in_use = f"{pruned.used / storage.MEGABYTE:,.1f}"
    return f"{pruned.kind:<14} {words % numbers}" + (
        _(", of which %(used)s MB are in use") % {"used": in_use} if pruned.used else ""
    )


def _report_command(
    name: str, report: Report, as_text: Callable[..., str], *of_text: inspect.Parameter
) -> None:
    """Add a command whose options are the scenario's fields, and `of_text`, which `as_text` takes
    beside the answer."""

    def command(**given: Any) -> None:
        batch, as_json = given.pop("batch"), given.pop("as_json")
        shown = {option.name: given.pop(option.name) for option in of_text}
        values = {field: value for field, value in given.items() if value is not None}
        values = with_typed_model(values)
        set_language(Scenario.make(values).language)
        if batch is not None:
            _print_batch(report, batch, values)
            return
        if "model" not in values:
            raise UserError(_("Name a MODEL, such as gpt2, or give --batch FILE."))
        with saying_where_slow(
            _("This takes long; a smaller model or a shorter sequence takes less. Ctrl-C ends it.")
        ):
            answer = report(Scenario.make(values), compute)
        if as_json:
            print(json.dumps(answer, ensure_ascii=False))
        else:
            print(as_lines([*as_text(answer, **shown).splitlines(), *answer["warnings"]]))

    command.__doc__ = inspect.getdoc(report)
    parameters = [
        *declared_parameters(Scenario, argument="model"),
        *of_text,
        *_output_parameters(),
    ]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    app.command(name, cls=GroupedCommand)(command)


def _output_parameters() -> Iterator[inspect.Parameter]:
    batch = typer.Option(
        "--batch",
        metavar="FILE",
        help="Answer each line of FILE (- for standard input), a scenario as JSON, with a line.",
    )
    yield inspect.Parameter(
        "batch",
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[str | None, batch],
    )
    yield inspect.Parameter(
        "as_json",
        inspect.Parameter.KEYWORD_ONLY,
        default=False,
        annotation=Annotated[bool, typer.Option("--json", help="Print JSON.")],
    )


def _print_batch(report: Report, file: str, shared: dict[str, Any]) -> None:
    """Answer each line with a line. Worker processes answer: one that dies costs its line only."""
    for line in lines_of(file):
        if line.strip():
            print(_answer_line(report, line, shared), flush=True)


def _answer_line(report: Report, line: bytes, shared: dict[str, Any]) -> str:
    """The answer as JSON, or why there is none, whatever the line holds."""
    try:
        answer = report(Scenario.make(shared | with_typed_model(scenario_in(line))), ask)
        return json.dumps(answer, ensure_ascii=False, allow_nan=False)
    except UserError as error:
        words = str(error)
    except Exception as error:
        words = _unexpected(error)
    return json.dumps({"error": words}, ensure_ascii=False)


def _checkpoint_as_text(answer: dict[str, Any]) -> str:
    labels = {
        "adapter_bytes": _("adapter file"),
        "converted_adapter_bytes": _("adapter file, converted for the base's own weights"),
        "full_model_bytes": _("full model file"),
        "optimizer_bytes": _("optimizer state file"),
    }
    return "\n".join(
        f"{grouped(answer[key]):>18} B  {label}"
        for key, label in labels.items()
        if answer[key] is not None
    )


def _memory_as_text(answer: dict[str, Any]) -> str:
    reserved = answer["peak_reserved_bytes"]
    lines = [
        (answer["peak_allocated_bytes"], _("peak allocated memory (%s)") % answer["peak_phase"]),
        *((size, "  " + kind) for kind, size in answer["breakdown"].items()),
        (reserved["low"], _("peak reserved memory, at least")),
        (reserved["high"], _("peak reserved memory, at most")),
    ]
    parts = answer["needs_parts"]
    lines += [
        (parts["reserved_beyond"], _("reserved beyond the peak")),
        (parts["cuda_context"], _("CUDA context (assumed)")),
    ]
    if answer["paged_optimizer_bytes"]:
        words = _("paged optimizer state, in none of these: leaves the card where there is no room")
        lines.append((answer["paged_optimizer_bytes"], words))
    versions = ", ".join(f"{name} {number}" for name, number in answer["software"].items())
    numbers = [f"{grouped(size):>18} B  {label}" for size, label in lines]
    return "\n".join(
        [
            *numbers,
            *_batches_as_text(answer),
            _needs_as_text(answer),
            _loop_as_text(answer),
            versions,
        ]
    )


def _batches_as_text(answer: dict[str, Any]) -> list[str]:
    """What batches of texts of different lengths take, where their lengths were given."""
    batches = answer["batches"]
    if batches is None:
        return []
    words = _(
        "longest batch: %(longest)s tokens a text; on average %(expected)s, with %(padding)s of "
        "padding; reserved %(longest_first)s B where the longest comes first, %(shortest_first)s B "
        "where it comes last"
    ) % {
        "longest": grouped(batches["longest"]),
        "expected": grouped(round(batches["expected"])),
        "padding": percent(batches["padding_share"], 0),
        "longest_first": grouped(batches["reserved_longest_first"]),
        "shortest_first": grouped(batches["reserved_shortest_first"]),
    }
    return [words]


def _needs_as_text(answer: dict[str, Any]) -> str:
    """What the step needs of its card, and whether that fits."""
    verdicts = {
        "fits": _("it fits"),
        "tight": _("it is tight: it fits only without what is reserved beyond the peak"),
        "too_large": _("it does not fit"),
    }
    return _("%(gpu)s: a step needs %(needs)s B of %(memory)s B; %(verdict)s") % {
        "gpu": of_cards(answer),
        "needs": grouped(answer["needs_bytes"]),
        "memory": grouped(answer["gpu_memory_bytes"]),
        "verdict": verdicts[answer["verdict"]],
    }


def _loop_as_text(answer: dict[str, Any]) -> str:
    """For which training loop the numbers are."""
    loop = {"plain": _("plain loop"), "trainer": _("Trainer")}[answer["training_loop"]]
    return _("for weights in %(dtype)s, %(loop)s, mixed precision: %(mixed)s") % {
        "dtype": answer["base_dtype"],
        "loop": loop,
        "mixed": answer["mixed_precision"],
    }


def _fit_as_text(answer: dict[str, Any]) -> str:
    at = {
        "batch_size": _("largest batch at %s tokens") % grouped(answer["seq_len"]),
        "seq_len": _("longest sequence at a batch of %s") % grouped(answer["batch_size"]),
    }
    limits = {
        "card": _("limited by the card"),
        "context": _("limited by the model's context"),
        "setting": _("as far as this setting goes"),
    }
    lines = [
        "{:>12}  {}; {}; {}".format(
            grouped(answer[f"largest_{field}"]),
            words,
            _("%s with expandable segments") % grouped(answer[f"largest_{field}_tight"]),
            limits[answer[f"{field}_limited_by"]],
        )
        for field, words in at.items()
    ]
    context = _("an assumed CUDA context of %s B is counted everywhere") % grouped(
        answer["cuda_context_bytes"]
    )
    return "\n".join([_needs_as_text(answer), _loop_as_text(answer), context, *lines])


@app.command("gpus")
def list_gpus(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the known cards."""
    if as_json:
        print(json.dumps([asdict(card) for card in cards().values()], ensure_ascii=False))
        return
    for card in cards().values():
        print(f"{card.name:<20} {grouped(card.memory_bytes):>16} B  {card.compute_capability:>4}")


_report_command("count", reports.count, count_as_text, EVERY_LAYER)
_report_command("checkpoint", reports.checkpoint, _checkpoint_as_text)
_report_command("memory", reports.memory, _memory_as_text)
_report_command("fit", reports.fit, _fit_as_text)
_report_command("cards", reports.enough_cards, cards_as_text)
app.command("import")(import_command)
app.command("identify")(identify_command)
app.command("report", cls=GroupedCommand)(report_command())
app.command("export", cls=GroupedCommand)(export_command())
app.command("snapshot", cls=GroupedCommand)(snapshot_command())
app.command("explain", cls=GroupedCommand)(explain_command())
app.command("train", cls=GroupedCommand)(train_command())
app.command("sweep", cls=GroupedCommand)(sweep_command())
app.add_typer(runs_app, name="runs")
