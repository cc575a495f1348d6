"""The command line's rank sweep: `sweep`."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
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
from lora_viz.cli.terminal import as_lines, tell
from lora_viz.cli.train import described_run, need_an_adapter, print_event, print_notice
from lora_viz.errors import UserError
from lora_viz.format import size
from lora_viz.i18n import _
from lora_viz.training.folder.files import exists
from lora_viz.training.jobs.job import process_count
from lora_viz.training.jobs.memory_limits import need_memory_for_libraries
from lora_viz.training.jobs.queue import need_queue
from lora_viz.training.jobs.stopping import StopSignal
from lora_viz.training.perplexity import loss_words
from lora_viz.training.runs.events import Event, StateEvent
from lora_viz.training.runs.results import BeforeAfter
from lora_viz.training.runs.run_folder import Run, read_run
from lora_viz.training.settings import TrainingSettings
from lora_viz.training.sweeps.job import work
from lora_viz.training.sweeps.plan import LARGEST_SWEEP, RANKS, SweepPlan
from lora_viz.training.sweeps.sweep import Sweep, SweepEnd, create_sweep

VARIED = ("rank", "alpha", "method")
WHOLE_NUMBER = re.compile("[0-9]{1,12}")  # Python reads no number of more than 4,300 digits


def sweep_command() -> Callable[..., int]:
    """The command `sweep`; its options are those of `train` without what the sweep varies."""

    def sweep(**given: Any) -> int:
        """Train at several ranks and as full fine-tuning; Ctrl-C keeps what is done."""
        if process_count() > 1:
            raise UserError(_("A rank sweep runs in one process; start it without accelerate."))
        out, resumes, as_json = given.pop("out"), given.pop("resume"), given.pop("as_json")
        values = {field: value for field, value in given.items() if value is not None}
        need_memory_for_libraries()
        if out is None:
            raise UserError(_("Name the sweep's folder with --out, such as runs/NAME."))
        if resumes:
            found = _resumed(named_folder(out), values)
        else:
            plan, path = _plan(values), new_folder(out)
            found = create_sweep(plan, path.name, path.parent)
        return _work(found, as_json)

    parameters = [
        *declared_parameters(Scenario, argument="model", without=VARIED),
        *declared_parameters(TrainingSettings, without=("scenario", "seed")),
        *_own_parameters(),
    ]
    sweep.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    sweep.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return sweep


def _own_parameters() -> list[inspect.Parameter]:
    ranks = ",".join(map(str, RANKS))
    options: dict[str, tuple[Any, Any, Any]] = {
        "ranks": (
            str | None,
            typer.Option("--ranks", help=f"Ranks of the LoRA runs; {ranks} if not given."),
            None,
        ),
        "seeds": (
            str | None,
            typer.Option("--seeds", help="Every rank is trained with each of them; 0."),
            None,
        ),
        "full": (
            bool | None,
            typer.Option("--full/--no-full", help="With full fine-tuning (the default)."),
            None,
        ),
        "out": (
            str | None,
            typer.Option("--out", metavar="FOLDER", help="The sweep's folder: runs/NAME."),
            None,
        ),
        "resume": (bool, typer.Option("--resume", help="Do what is left of the sweep."), False),
        "as_json": (bool, typer.Option("--json", help="Print JSON, and no progress."), False),
    }
    return [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=default,
            annotation=Annotated[kind, option],
        )
        for name, (kind, option, default) in options.items()
    ]


def _plan(values: dict[str, Any]) -> SweepPlan:
    """The plan of the options given; impossible values are named before anything begins."""
    ranks = _numbers("--ranks", values.pop("ranks", ""), least=1) or RANKS
    seeds = _numbers("--seeds", values.pop("seeds", ""), least=0) or (0,)
    with_full = values.pop("full", True)
    if len(seeds) * (len(ranks) + with_full) > LARGEST_SWEEP:
        raise UserError(_("A sweep can do at most %s runs.") % f"{LARGEST_SWEEP:,}")
    settings = typed_settings(values)
    plan = SweepPlan(settings=settings, ranks=ranks, seeds=seeds, with_full=with_full)
    plan.runs()  # raises where a rank or a seed is not allowed
    need_an_adapter(settings.scenario)
    return plan


def _numbers(option: str, text: str, least: int) -> tuple[int, ...]:
    """Whole numbers with commas between them, each once."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(WHOLE_NUMBER.fullmatch(part) and int(part) >= least for part in parts):
        raise UserError(
            _("%(option)s takes whole numbers from %(least)s with commas between: 1,2,4.")
            % {"option": option, "least": least}
        )
    return tuple(dict.fromkeys(map(int, parts)))


def _resumed(path: Path, values: dict[str, Any]) -> Sweep:
    if values:
        raise UserError(
            _("Resume a sweep with --resume --out FOLDER; its settings stay as they are.")
        )
    sweep = Sweep(path)
    sweep.plan()
    need_queue()
    return sweep


def _work(sweep: Sweep, as_json: bool) -> int:
    """Do the sweep here, holding its lock, and print what it found."""
    signals = StopSignal()
    signals.listen()
    with sweep.held():
        with suppress(OSError):
            sweep.remember_process(os.getpid())
        results = work(sweep, signals, _print_notice if as_json else _print_progress(sweep))
    print(json_text(_described(sweep)) if as_json else _text(sweep))
    end = sweep.end()
    if end is None or end.state == "failed":
        tell(_reason(end))
        return 1
    if any(result.state == "failed" for result in results):
        return 1
    return 130 if signals.requested else 0


def _print_notice(_run: Run, event: Event) -> None:
    print_notice(event)


def _print_progress(sweep: Sweep) -> Callable[[Run, Event], None]:
    """A line for each run when it begins, and what `train` prints below it."""
    names = [run.name for run in sweep.runs()]

    def hear(run: Run, event: Event) -> None:
        if isinstance(event, StateEvent) and event.state == "loading":
            tell(f"{run.name} ({names.index(run.name) + 1}/{len(names)})")
        print_event(event)

    return hear


def _described(sweep: Sweep) -> dict[str, Any]:
    """A sweep as plain data: each run that began as `runs show` describes it."""
    begun = [run for run in sweep.runs() if exists(run.path)]
    return {
        "name": sweep.name,
        "folder": str(sweep.path),
        "planned": len(sweep.runs()),
        "finished": len(sweep.results()),
        "end": end.model_dump() if (end := sweep.end()) else None,
        "runs": [described_run(read_run(run.path)) for run in begun],
    }


def _text(sweep: Sweep) -> str:
    """A line for every run that finished: losses on both texts, time and the file's size."""
    lines = [f"{'':<10}{'held-out loss':>15}{'pretraining':>13}{'training':>11}  saved"]
    done = sweep.results()
    for settings, result in done:
        scenario = settings.scenario
        name = f"r = {scenario.rank}" if scenario.trains_adapter else "full"
        saved = result.files.adapter or result.files.model
        seconds = result.training_seconds()
        took = "resumed" if seconds is None else f"{seconds:.1f} s"
        lines.append(
            f"{name:<10}{_after(result.held_out):>15}{_after(result.pretraining):>13}{took:>11}"
            f"  {size(saved) if saved else '–'}, seed {settings.seed}"
        )
    for run in sweep.runs():
        result = run.result()
        if result is not None and result.state == "failed":
            lines.append(f"{run.name}: {result.why}")
    planned = len(sweep.runs())
    return as_lines([*lines, f"{len(done)} of {planned} runs finished", str(sweep.path)])


def _after(losses: BeforeAfter | None) -> str:
    return loss_words(losses.after.loss, 4) if losses and losses.after else "–"


def _reason(end: SweepEnd | None) -> str:
    if end is None:
        return _("How the sweep ended could not be written into its folder.")
    return " ".join(str(part) for part in (end.why, end.what_to_try) if part)
