"""The first part of the page "Training process": a real run's snapshots, played."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from lora_viz.errors import UserError
from lora_viz.figures.training_process_run import story_figure
from lora_viz.format import grouped
from lora_viz.i18n import _, current_language, plural
from lora_viz.training.folder.unchanged import Stamp, stamp
from lora_viz.training.perplexity import loss_words, perplexity_words
from lora_viz.training.runs.events import EvaluationEvent
from lora_viz.training.runs.run_folder import Run
from lora_viz.training.runs.shipped import recorded_lora_run
from lora_viz.training.runs.story import Story, followed_layers, read_story
from lora_viz.ui.charts.chart import chart
from lora_viz.ui.charts.theme import in_ink, reader_theme
from lora_viz.ui.kit import controls, page
from lora_viz.ui.kit.literal import as_markdown
from lora_viz.ui.kit.messages import show_warning
from lora_viz.ui.runs.damaged import damaged_runs
from lora_viz.ui.runs.read import RecordedRun, kept_runs, recorded
from lora_viz.ui.runs.words import run_name, task_names
from lora_viz.ui.session import state

REMEMBERED = 16
SHIPPED = "~lora"
FORMER_NAMES = {"~recorded": SHIPPED}  # in links of earlier versions


@dataclass(frozen=True)
class ToldRun:
    """A run and one of its followed layers over its snapshots."""

    one: RecordedRun
    story: Story

    def picture(self) -> None:
        """The moving picture, and below it what it is: play is in sight on a small laptop."""
        chart(
            _story_figure(self.story, current_language(), reader_theme()),
            "run-story",
            _("A, B and ΔW over the steps of the run"),
        )
        st.caption(
            _(
                "Heat maps are samples of the real values and not to scale; a matrix keeps its "
                "colours through all steps. Loss: mean cross-entropy in nats per token. "
                "Perplexity = exp(held-out loss), without a unit."
            )
        )
        st.caption(as_markdown(self._what_it_is()))

    def key_number(self) -> None:
        """How many singular values ΔW has at the most, or how far the held-out loss fell."""
        story = self.story
        if story.rank is None:
            words = _(
                "singular values above the tolerance: full fine-tuning has no r. ΔW is "
                "%(out)s × %(in)s"
            )
        elif story.highest_numerical_rank <= story.rank:
            words = plural(
                "the most singular values that ΔW has in %(snapshots)s snapshot; r = %(rank)s",
                "the most singular values that ΔW has in %(snapshots)s snapshots; r = %(rank)s",
                len(story.moments),
            )
        else:
            words = _(
                "singular values of ΔW, more than r = %(rank)s allows. Either rounding is the "
                "cause, or the file is wrong."
            )
        values = {
            "snapshots": grouped(len(story.moments)),
            "rank": grouped(story.rank or 0),
            "out": grouped(story.shape[0]),
            "in": grouped(story.shape[1]),
        }
        page.key_number(grouped(story.highest_numerical_rank), words % values, "run")

    def counted(self) -> None:
        """How the singular values were counted, and whether W stayed."""
        story = self.story
        with st.container(border=True):
            if story.weight_stays:
                st.markdown(
                    plural(
                        "❄ W’s SHA-256 is the same in the only snapshot (%s). B starts at zero, "
                        "A at random.",
                        "❄ W’s SHA-256 is the same in all %s snapshots. B starts at zero, A at "
                        "random.",
                        len(story.moments),
                    )
                    % grouped(len(story.moments))
                )
            else:
                st.markdown(_("🔥 W’s SHA-256 changes: this run trains W itself."))
            words = (
                _("Counted by an SVD of ΔW in float32: values above %s of the largest.")
                if story.is_counted
                else _("ΔW is large: values from A and B, counted above %s of the largest.")
            )
            st.caption(words % f"{story.tolerance:.1e}")

    def losses(self) -> None:
        """Held-out loss and perplexity at the start and at the end."""
        held_out = self.story.held_out
        if len(held_out) < 2:
            return
        first, last = held_out[0], held_out[-1]
        with st.container(border=True):
            st.markdown(
                _(
                    "Held-out loss %(first)s → %(last)s after %(step)s steps, perplexity "
                    "%(first_perplexity)s → %(last_perplexity)s."
                )
                % {
                    "first": loss_words(first.loss),
                    "last": loss_words(last.loss),
                    "step": grouped(last.step),
                    "first_perplexity": perplexity_words(first.loss),
                    "last_perplexity": perplexity_words(last.loss),
                }
            )

    def table(self) -> None:
        """One row for each snapshot that is drawn."""
        rows: list[dict[str, Any]] = [
            {
                _("Step"): moment.step,
                _("Batch loss, nats per token"): moment.batch_loss,
                _("Held-out loss, nats per token"): _value(moment.held_out, "loss"),
                _("Held-out perplexity"): _value(moment.held_out, "perplexity"),
                _("Evaluated at step"): _value(moment.held_out, "step"),
                _("Singular values of ΔW"): moment.numerical_rank,
                _("Largest singular value"): moment.singular_values[0],
                _("‖ΔW‖ (Frobenius)"): moment.delta.norm,
                _("‖B‖"): moment.b.norm if moment.b else None,
                _("‖A‖"): moment.a.norm if moment.a else None,
                _("W’s SHA-256"): moment.base_sha256,
            }
            for moment in self.story.moments
        ]
        page.table(rows, "run-story")

    def _what_it_is(self) -> str:
        result = self.one.run.result()
        if self.one.is_shipped:
            words = _("A shipped run, which comes with the app: tiny-gpt2, task “%(task)s”.")
        elif self.one.is_own:
            words = _("Your run “%(run)s”, task “%(task)s”.")
        else:
            words = _("Another reader's run “%(run)s”, task “%(task)s”.")
        words %= {"run": self.one.name, "task": task_names()[self.one.settings.task]}
        if result and result.machine:
            machine = result.machine
            words += " " + _("%(device)s, threads: %(threads)s, torch %(torch)s, %(date)s.") % {
                "device": machine.device,
                "threads": machine.threads,
                "date": time.strftime("%Y-%m-%d", time.gmtime(result.ended)),
                "torch": machine.software.get("torch", "?"),
            }
        if self.story.snapshots > len(self.story.moments):
            words += " " + plural(
                "%(shown)s of %(all)s snapshot is drawn.",
                "%(shown)s of %(all)s snapshots are drawn.",
                self.story.snapshots,
            ) % {
                "shown": grouped(len(self.story.moments)),
                "all": grouped(self.story.snapshots),
            }
        return words


def choose_told_run() -> ToldRun:
    """Draw the lists of runs and of followed layers, and read what they say.

    A run that the link names is told or said to be none; the one that ships is shown then.
    """
    kept = kept_runs()
    names = tuple(name for name, one in kept.offered.items() if followed_layers(one.events))
    if former := FORMER_NAMES.get(state.view().told_run):
        state.update(told_run=former)
    wanted = state.view().told_run or state.view().run or names[0]
    controls.select("told_run", names, words=run_name, if_empty=wanted)
    if kept.has_others:
        controls.toggle("all_runs")
    damaged_runs(kept.damaged())
    try:
        told = _told(kept.find(wanted))
    except UserError as error:
        shown = _("Shown in its place: %s.") % run_name(SHIPPED)
        show_warning(f"{error} {shown}")
        return _told(recorded(recorded_lora_run()))
    state.pin(told_run=wanted)
    return told


def _told(one: RecordedRun) -> ToldRun:
    """Draw the list of layers. Raises `UserError` where the run cannot be told."""
    layers = followed_layers(one.events)
    if not layers:
        raise UserError(_("“%s” has no snapshot yet.") % one.name)
    if state.view().told_layer not in layers:
        state.update(told_layer="")
    # read first: a run that cannot be told gives way to another, whose list is drawn instead
    written = stamp(one.run.events_file)
    story = _story(one.run.path, written, state.view().told_layer or layers[0])
    controls.select("told_layer", layers, if_empty=layers[0])
    if one.is_running:
        st.button(_("Read the newest snapshots"), key="read-snapshots")
    return ToldRun(one, story)


@lru_cache(REMEMBERED)
def _story(folder: Path, _written: Stamp, layer: str) -> Story:
    return read_story(Run(folder), layer)


@lru_cache(REMEMBERED)
def _story_figure(story: Story, _language: str, theme: str) -> go.Figure:
    """The moving picture, which takes most of the page's time; it is not to be changed any more."""
    return in_ink(story_figure(story), theme)


def _value(evaluation: EvaluationEvent | None, field: str) -> Any:
    return None if evaluation is None else getattr(evaluation, field)
