"""The command line's training: `train`, `runs`, `runs show NAME` and `runs stop NAME`."""

from __future__ import annotations

import inspect
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import typer

from lora_viz.choices.scenario import Scenario
from lora_viz.cli.options import (
    declared_parameters,
    json_text,
    named_folder,
    new_folder,
    typed_settings,
)
from lora_viz.cli.terminal import as_line, as_lines, tell
from lora_viz.errors import UserError
from lora_viz.format import size
from lora_viz.i18n import _
from lora_viz.questions.ask_for import adapter_of
from lora_viz.questions.kept import compute
from lora_viz.training.data.own_data import load_own
from lora_viz.training.jobs import launch
from lora_viz.training.jobs.job import process_count, process_rank, work
from lora_viz.training.jobs.memory_limits import need_memory_for_libraries
from lora_viz.training.jobs.queue import need_queue
from lora_viz.training.jobs.stopping import StopSignal
from lora_viz.training.perplexity import loss_words, perplexity_words
from lora_viz.training.runs.events import EvaluationEvent, Event, NoticeEvent, StateEvent, StepEvent
from lora_viz.training.runs.kept_runs import create_run, find_run, list_folders
from lora_viz.training.runs.results import Result
from lora_viz.training.runs.run_folder import Run, UnreadableRun, read_run
from lora_viz.training.settings import TrainingSettings
from lora_viz.training.sweeps.findings import unreadable_sweeps

EXIT_STATUS = {"finished": 0, "failed": 1, "stopped": 130}
runs_app = typer.Typer(
    help="The runs that are kept in ./runs, or in $LORA_VIZ_RUNS.",
    invoke_without_command=True,
    rich_markup_mode=None,
)


def train_command() -> Callable[..., int]:
    """The command `train`, whose options are the fields of a scenario and of a training job."""

    def train(**given: Any) -> int:
        """Fine-tune a model now and keep everything in a folder; Ctrl-C stops and keeps.

        Several processes, on GPUs or processors, train together with
        accelerate launch --multi_gpu --num_processes 2 -m lora_viz train ... --out FOLDER
        """
        out, resumes, as_json = given.pop("out"), given.pop("resume"), given.pop("as_json")
        values = {field: value for field, value in given.items() if value is not None}
        need_memory_for_libraries()
        run, settings = _resumed(out, values) if resumes else _new(out, values)
        result = _work(run, settings, shows_progress=not as_json)
        if process_rank() == 0 and run.result() is None:  # the folder takes nothing any more
            tell(result.why, result.what_to_try)
        if process_rank() == 0:
            print(json_text(described_run(run)) if as_json else _text(run))
        return EXIT_STATUS[result.state]

    parameters = [
        *declared_parameters(Scenario, argument="model"),
        *declared_parameters(TrainingSettings, without=("scenario",)),
        *_own_parameters(),
    ]
    train.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    train.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return train


@runs_app.callback()
def list_all(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the runs, newest first."""
    if context.invoked_subcommand:
        return
    folders = [*list_folders(), *unreadable_sweeps()]
    described = [described_run(one) for one in folders]
    if as_json:
        print(json_text(described))
        return
    for one in described:
        print(as_line(_line(one)))


@runs_app.command("show")
def show(
    name: str,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print what is known about a run, also where its settings cannot be read."""
    run = read_run(find_run(name).path)
    print(json_text(described_run(run)) if as_json else _text(run))


@runs_app.command("stop")
def stop(name: str) -> None:
    """Ask a job to stop after its step and keep what it has."""
    if not launch.stop(find_run(name)):
        raise UserError(_("“%s” is not running.") % name)


def _own_parameters() -> list[inspect.Parameter]:
    def parameter(name: str, kind: Any, option: Any, default: Any) -> inspect.Parameter:
        return inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=default,
            annotation=Annotated[kind, option],
        )

    out = typer.Option(
        "--out", metavar="FOLDER", help="The run's folder, such as runs/NAME.", show_default=False
    )
    resume = typer.Option("--resume", help="Go on with the run in --out from its last checkpoint.")
    as_json = typer.Option("--json", help="Print the result as JSON, and no progress.")
    return [
        parameter("out", str | None, out, None),
        parameter("resume", bool, resume, False),
        parameter("as_json", bool, as_json, False),
    ]


def _new(out: str | None, values: dict[str, Any]) -> tuple[Run, TrainingSettings]:
    """A new run with the settings given; of several processes the first one makes its folder."""
    settings = typed_settings(values)
    scenario = settings.scenario
    if settings.task == "own":
        load_own(settings.data_file)  # what is wrong with it is said before anything is made
    if process_rank() == 0:
        need_an_adapter(scenario)
    path = None if out is None else new_folder(out) if process_rank() == 0 else named_folder(out)
    if process_count() > 1 and path is None:
        raise UserError(_("Name the run's folder with --out where several processes train."))
    if process_rank() > 0:
        assert path is not None
        return Run(path), settings
    need_queue()  # or the job could not begin, and its folder would be left behind
    return create_run(
        settings, path.name if path else None, path.parent if path else None
    ), settings


def _resumed(out: str | None, values: dict[str, Any]) -> tuple[Run, TrainingSettings]:
    if out is None or values:
        raise UserError(
            _("Resume a run with --resume --out FOLDER; its settings stay as they are.")
        )
    path = named_folder(out)
    run = find_run(path.name, path.parent)
    if process_rank() == 0:
        need_queue()
        launch.prepare_to_resume(run)
    return run, run.settings


def _work(run: Run, settings: TrainingSettings, shows_progress: bool) -> Result:
    signals = StopSignal()
    signals.listen()
    if process_rank() > 0:
        return work(run, settings, signals)
    with run.held():
        return work(run, settings, signals, print_event if shows_progress else print_notice)


def need_an_adapter(scenario: Scenario) -> None:
    """Raise `UserError` where PEFT can adapt no layer, before anything is made or loaded."""
    if scenario.trains_adapter:
        compute(adapter_of(scenario))


def print_notice(event: Event) -> None:
    """What a person should know even where only the result is wanted, on standard error."""
    if isinstance(event, NoticeEvent):
        tell(event.sentence)


def print_event(event: Event) -> None:
    """Progress for a person, on standard error."""
    if isinstance(event, StateEvent):
        print(event.state, file=sys.stderr)
    elif isinstance(event, NoticeEvent):
        print_notice(event)
    elif isinstance(event, EvaluationEvent):
        words = f"  step {event.step}: {event.part} loss {loss_words(event.loss, 4)}"
        print(f"{words}, perplexity {perplexity_words(event.loss, 2)}", file=sys.stderr)
    elif isinstance(event, StepEvent) and (event.step % 10 == 0 or event.step == event.steps):
        words = f"  step {event.step}/{event.steps}: loss {loss_words(event.loss, 4)}"
        pace = f"{event.tokens_per_second:,.0f} tokens/s, {event.seconds_left:.0f} s left"
        print(f"{words}, {pace}", file=sys.stderr)


def described_run(run: Run | UnreadableRun) -> dict[str, Any]:
    """A run as plain data: its state, settings, newest figures and result, and what is wrong.

    Of a run whose settings cannot be read nothing else is told.
    """
    if isinstance(run, UnreadableRun):
        return {
            "name": run.name,
            "folder": str(run.path),
            "state": "unreadable",
            "created": Run(run.path).created(),
            "step": None,
            "held_out_loss": None,
            "settings": None,
            "result": None,
            "problems": [str(run.damage.sentence())],
        }
    events, result = run.events(), run.result()
    steps = [event.step for event in events if isinstance(event, StepEvent)]
    losses = [
        event.loss
        for event in events
        if isinstance(event, EvaluationEvent) and event.part == "held_out"
    ]
    return {
        "name": run.name,
        "folder": str(run.path),
        "state": run.state(events),
        "created": run.created(),
        "step": steps[-1] if steps else 0,
        "held_out_loss": losses[-1] if losses else None,
        "settings": run.settings.model_dump(mode="json"),
        "result": result.model_dump() if result else None,
        "problems": [str(damage.sentence()) for damage in run.damages()],
    }


def _line(described: dict[str, Any]) -> str:
    """A run in the list: its name, state, last step and held-out loss, and what is wrong."""
    loss, step = described["held_out_loss"], described["step"]
    figures = (
        "–" if step is None else step,
        "–" if loss is None else loss_words(loss, 4),
    )
    line = f"{described['name']:<40} {described['state']:<12} {figures[0]:>6} {figures[1]:>8}"
    return "  ".join([line, *described["problems"]])


def _text(run: Run | UnreadableRun) -> str:
    """A run for a person: what it is, how it ended, what it measured, and what is wrong."""
    described = described_run(run)
    created = time.strftime("%Y-%m-%d %H:%M", time.localtime(described["created"]))
    lines = [f"{run.name}  {described['state']}  {created}", str(run.path), *described["problems"]]
    if isinstance(run, UnreadableRun):
        return as_lines(lines)
    result = run.result()
    if result is None:
        return as_lines([*lines, f"step {described['step']}"])
    lines += [str(words) for words in (result.why, result.what_to_try) if words]
    for part in ("validation", "held_out", "pretraining"):
        losses = getattr(result, part)
        if losses and losses.after:
            before, after, words = losses.before, losses.after, partial(loss_words, digits=4)
            lines.append(f"{part:<12} loss {words(before.loss)} → {words(after.loss)}")
    for part in ("held_out", "trained"):
        match = getattr(result, f"exact_match_{part}")
        if match:
            lines.append(f"exact match, {part}: {match.after} of {match.questions}")
    if saved := result.files.adapter or result.files.model:
        trained = result.trainable_parameters
        words = "" if trained is None else f", {trained:,} trained parameters"
        lines.append(f"saved {size(saved)}{words}")
    marks = {True: "yes", False: "NO", None: "does not apply"}
    lines += [f"{check.name}: {marks[check.passed]} {check.why_not}" for check in result.checks]
    return as_lines(lines)
