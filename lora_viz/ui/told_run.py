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
from lora_viz.figures.run_story import story_figure
from lora_viz.format import grouped
from lora_viz.i18n import _, current_language
from lora_viz.recorded import recorded_lora_run
from lora_viz.run_story import Story, followed_layers, read_story
from lora_viz.training.events import EvaluationEvent
from lora_viz.training.perplexity import loss_words, perplexity_words
from lora_viz.training.run_folder import Run, list_runs
from lora_viz.training.settings import TrainingSettings
from lora_viz.ui import controls, page, state
from lora_viz.ui.messages import show_warning

REMEMBERED = 16
RECORDED = "~recorded"  # no run of a reader's can have this name


@dataclass(frozen=True)
class ToldRun:
    """A run and one of its followed layers over its snapshots."""

    run: Run
    settings: TrainingSettings
    story: Story
    is_recorded: bool

    def picture(self) -> None:
        """What it is, then the moving picture."""
        st.caption(self._what_it_is())
        theme = st.context.theme.type
        page.figure(_story_figure(self.story, current_language(), theme), "run-story")
        st.caption(
            _(
                "Heat maps are samples of the real values and not to scale; a matrix keeps its "
                "colours through all steps. Loss: mean cross-entropy in nats per token; "
                "perplexity = exp(held-out loss), without unit."
            )
        )

    def key_number(self) -> None:
        """How many singular values ΔW has at the most, or how far the held-out loss fell."""
        story = self.story
        if story.rank is None:
            words = _(
                "singular values above the tolerance: full fine-tuning has no r. ΔW is "
                "%(out)s × %(in)s"
            )
        elif story.highest_numerical_rank <= story.rank:
            words = _("singular values of ΔW at the most, in %(snapshots)s snapshots; r = %(rank)s")
        else:
            words = _("singular values of ΔW, more than r = %(rank)s: rounding, or a wrong file")
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
                    _(
                        "❄ W’s SHA-256 is the same in all %s snapshots. B starts at zero, A "
                        "at random."
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
        result = self.run.result()
        words = (
            _("A recorded run that ships with the app, not yours: tiny-gpt2, task “%(task)s”.")
            if self.is_recorded
            else _("Your run “%(run)s”, task “%(task)s”.")
        ) % {"run": self.run.name, "task": self.settings.task}
        if result and result.machine:
            machine = result.machine
            words += " " + _("%(device)s, threads: %(threads)s, torch %(torch)s, %(date)s.") % {
                "device": machine.device,
                "threads": machine.threads,
                "date": time.strftime("%Y-%m-%d", time.gmtime(result.ended)),
                "torch": machine.software.get("torch", "?"),
            }
        if self.story.snapshots > len(self.story.moments):
            words += " " + _("%(shown)s of %(all)s snapshots are drawn.") % {
                "shown": grouped(len(self.story.moments)),
                "all": grouped(self.story.snapshots),
            }
        return words


def choose_told_run() -> ToldRun:
    """Draw the lists of runs and of followed layers, and read what they say."""
    own = _runs_with_snapshots()
    names = (*own, RECORDED)
    if state.view().told_run not in ("", *names):
        show_warning(_("There is no run “%s” with snapshots here.") % state.view().told_run)
        state.update(told_run="")
    controls.select("told_run", names, words=_run_words, if_empty=names[0])
    run = own.get(state.view().told_run or names[0])
    if run:
        try:
            return _told(run, is_recorded=False)
        except (UserError, OSError) as error:
            show_warning(str(error))
    return _told(recorded_lora_run(), is_recorded=True)


def _told(run: Run, is_recorded: bool) -> ToldRun:
    """Draw the list of layers. Raises `UserError` where the run cannot be told."""
    layers = followed_layers(run.events())
    if not layers:
        raise UserError(_("“%s” has no snapshot yet.") % run.name)
    if state.view().told_layer not in layers:
        state.update(told_layer="")
    # read first: a run that cannot be told gives way to another, whose list is drawn instead
    written = run.events_file.stat().st_mtime_ns
    story = _story(run.path, written, state.view().told_layer or layers[0])
    controls.select("told_layer", layers, if_empty=layers[0])
    if run.is_alive():
        st.button(_("Read the newest snapshots"), key="read-snapshots")
    return ToldRun(run, run.settings, story, is_recorded)


@lru_cache(REMEMBERED)
def _story(folder: Path, _written: int, layer: str) -> Story:
    return read_story(Run(folder), layer)


@lru_cache(REMEMBERED)
def _story_figure(story: Story, _language: str, _theme: str | None) -> go.Figure:
    """The moving picture, which takes most of the page's time; `page.figure` gives it the theme."""
    return story_figure(story)


def _runs_with_snapshots() -> dict[str, Run]:
    """The reader's own runs by name, newest first."""
    return {
        run.name: run
        for run in list_runs()
        if next(run.path.glob("snapshots/step-*.safetensors"), None)
    }


def _run_words(name: str) -> str:
    return _("recorded: LoRA, r = 8 (ships with the app)") if name == RECORDED else name


def _value(evaluation: EvaluationEvent | None, field: str) -> Any:
    return None if evaluation is None else getattr(evaluation, field)
