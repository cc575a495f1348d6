"""Runs and their losses: the held-out curves together, and what each run found out."""

from __future__ import annotations

from lora_viz.errors import UserError
from lora_viz.figures.compare_runs_curves import curve_titles, run_comparison
from lora_viz.figures.kit.colours import RUN_COLOURS
from lora_viz.figures.kit.literal import visible
from lora_viz.figures.wording.names import run_name
from lora_viz.format import grouped
from lora_viz.i18n import _
from lora_viz.report.facts import Chart, Section, Series, Table
from lora_viz.training.perplexity import loss_words
from lora_viz.training.runs.curves import Curve, Curves, read_curves
from lora_viz.training.runs.kept_runs import find_run
from lora_viz.training.runs.results import BeforeAfter, Result
from lora_viz.training.runs.run_folder import Run
from lora_viz.training.runs.shipped import shipped_runs

LONGEST_NAME = 60


def curves(names: tuple[str, ...]) -> tuple[list[Section], list[str]]:
    """The page “Compare runs” as a section, and why a run is not in it.

    Args:
        names: of runs as links have them; that of one that ships begins with a tilde.
    """
    found: dict[str, tuple[Run, Curves]] = {}
    missing: list[str] = []
    for name in names[: len(RUN_COLOURS)]:
        try:
            run = shipped_runs().get(name) or find_run(name)
            found[visible(run_name(name), LONGEST_NAME)] = run, read_curves(run.events())
        except UserError as error:
            missing.append(str(error))
    drawn = {name: _losses(read) for name, (_run, read) in found.items() if _losses(read).steps}
    return ([_section(found, drawn)] if drawn else []), missing


def _losses(read: Curves) -> Curve:
    """The held-out losses, in nats per token; empty where none was recorded."""
    return read.evaluations.get("held_out", Curve())


def _section(found: dict[str, tuple[Run, Curves]], drawn: dict[str, Curve]) -> Section:
    last = {name: curve.values[-1] for name, curve in drawn.items()}
    ends = {name: loss for name, loss in last.items() if loss is not None}
    title = curve_titles()["held_out"]
    return Section(
        name="runs",
        title=_("Compare runs"),
        number=" · ".join(loss_words(loss) for loss in ends.values()),
        meaning=f"{title}: {' · '.join(ends)}",
        figure=run_comparison(drawn, "held_out")["wide"],
        chart=Chart(
            "lines",
            (),
            tuple(
                Series(
                    name, RUN_COLOURS[number], tuple(curve.values), tuple(map(float, curve.steps))
                )
                for number, (name, curve) in enumerate(drawn.items())
            ),
            "loss",
            x_title=_("optimizer steps"),
            y_title=title,
        ),
        table=Table(
            (
                _("Run"),
                title,
                _("Trained parameters"),
                _("Adapter or model file, B"),
            ),
            tuple((name, *_line(run.result())) for name, (run, _curves) in found.items()),
        ),
        sources=(_("Measured: a training run on a real machine, with its own log of events."),),
    )


def _line(result: Result | None) -> tuple[str, str, str]:
    """The loss before and after, what was trained, and what was saved."""
    if result is None:
        return "–", "–", "–"
    saved = result.files.adapter or result.files.model
    return (
        _change(result.held_out),
        grouped(result.trainable_parameters) if result.trainable_parameters else "–",
        grouped(saved) if saved else "–",
    )


def _change(losses: BeforeAfter | None) -> str:
    if losses is None or losses.after is None:
        return "–"
    return f"{loss_words(losses.before.loss, 4)} → {loss_words(losses.after.loss, 4)}"
