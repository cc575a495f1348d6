"""The second picture of the page "Decomposition" with a real ΔW: that of full fine-tuning."""

from __future__ import annotations

import time
from dataclasses import dataclass

import streamlit as st

from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.figures.decomposition_rebuild import rebuild_figure
from lora_viz.format import grouped, percent
from lora_viz.i18n import _, plural
from lora_viz.questions.ask_for import update_of
from lora_viz.training.runs.results import Result
from lora_viz.training.runs.shipped import recorded_full_run
from lora_viz.training.update.rebuild import Rebuild
from lora_viz.training.update.trained import (
    Spectrum,
    check_updates,
    is_whole,
    kept_layers,
    spectrum,
)
from lora_viz.ui.charts.chart import chart
from lora_viz.ui.decomposition.rebuild import rebuild_formula, rebuild_table
from lora_viz.ui.kit import asking, controls, page
from lora_viz.ui.kit.literal import as_markdown
from lora_viz.ui.kit.messages import show_warning
from lora_viz.ui.runs.damaged import damaged_runs
from lora_viz.ui.runs.read import RecordedRun, kept_runs, recorded
from lora_viz.ui.runs.words import run_name, task_names
from lora_viz.ui.session import state
from lora_viz.ui.session.view import View

SHIPPED = "~full"


@dataclass(frozen=True)
class TrainedUpdates:
    """A full fine-tuning run: every layer's spectrum, and the layer whose ΔW is rebuilt."""

    one: RecordedRun
    result: Result
    layer: str
    spectra: tuple[Spectrum, ...]

    @property
    def chosen(self) -> Spectrum:
        """The spectrum of the layer that is rebuilt."""
        return next(one for one in self.spectra if one.layer == self.layer)

    @property
    def model(self) -> str:
        """The model that was trained."""
        return self.one.settings.scenario.model


@dataclass(frozen=True)
class TrainedRebuilding:
    """What B and A of every rank miss of one layer's real ΔW."""

    updates: TrainedUpdates
    scenario: Scenario
    view: View
    rebuild: Rebuild

    def sentence(self) -> str:
        """What to see."""
        return _(
            "Does full fine-tuning change the weights by a ΔW of low rank? A real ΔW is rebuilt "
            "at every rank, next to the best that any B and A could do."
        )

    def key_number(self) -> None:
        """The error at the current rank, and the least possible."""
        rank = self.scenario.rank
        meaning = _("relative error of B·A at r = %(rank)s (Frobenius norm); at best %(best)s") % {
            "rank": grouped(rank),
            "best": percent(self.rebuild.best_error(rank)),
        }
        page.key_number(percent(self.rebuild.fitted_error(rank)), meaning)

    def picture(self) -> None:
        """Where the ΔW comes from, and the errors over its singular values."""
        st.caption(as_markdown(self._what_it_is()))
        chart(
            rebuild_figure(self.rebuild, self.scenario.rank),
            "trained-update",
            _("What is lost of ΔW at each rank"),
        )

    def cards(self) -> None:
        """How it is fitted, and whether the change is of low rank."""
        left, right = st.columns(2)
        with left:
            controls.slider("sweeps")
        with right:
            controls.number("seed")
        with st.container(border=True):
            st.markdown(f"**{_('Is the change of low rank?')}**")
            st.markdown(self._answer())

    def formula(self) -> None:
        """The least error by singular values, and the two steps of a sweep."""
        rebuild_formula(self.rebuild, self.scenario.rank, self.view.sweeps)

    def table(self) -> None:
        """Every layer's spectrum, then the errors of the chosen one."""
        rank = self.scenario.rank
        rows = [
            {
                _("Layer"): one.layer,
                _("out"): one.shape[0],
                _("in"): one.shape[1],
                _("Singular values above the tolerance"): one.numerical_rank,
                _("Values that hold half of ‖ΔW‖²"): one.half,
                _("Values that hold nine tenths of ‖ΔW‖²"): one.most,
                _("Held by the largest %s, %%") % rank: 100 * one.share_of(rank),
                _("Largest singular value"): one.values[0],
            }
            for one in self.updates.spectra
        ]
        page.table(rows, "trained-updates")
        st.markdown(f"**{as_markdown(self.updates.layer)}**")
        rebuild_table(self.rebuild, rank)

    def why(self) -> None:
        """What a presenter can say, with this run's numbers."""
        rank, spectra = self.scenario.rank, self.updates.spectra
        shares = [one.share_of(rank) for one in spectra]
        needed = [one.most for one in spectra]
        values = {
            "layers": len(spectra),
            "rank": grouped(rank),
            "low": percent(min(shares), 0),
            "high": percent(max(shares), 0),
            "fewest": min(needed),
            "most": max(needed),
        }
        points = (
            _(
                "Over %(layers)s layers the best B·A of rank %(rank)s holds %(low)s to %(high)s of "
                "‖ΔW‖²; 90 %% of it need %(fewest)s to %(most)s singular values."
            ),
            _(
                "What B and A miss here is not what the model loses. LoRA finds a different ΔW, "
                "and small singular values may matter little to the loss."
            ),
            _(
                "One small model and one short training: a large model's ΔW may be nearer to low "
                "rank, or further from it. Train one and look."
            ),
        )
        st.markdown("\n".join(f"- {point % values}" for point in points))

    def _answer(self) -> str:
        one, rank = self.updates.chosen, self.scenario.rank
        words = (
            _("Not exactly: all of this ΔW's %(all)s singular values are above rounding.")
            if one.numerical_rank == len(one.values)
            else _("%(numerical)s of this ΔW's %(all)s singular values are above rounding.")
        )
        words += " " + _(
            "Half of ‖ΔW‖² is in the largest %(half)s, 90 %% in %(most)s. At r = %(rank)s the best "
            "B·A holds %(share)s."
        )
        return words % {
            "numerical": grouped(one.numerical_rank),
            "all": grouped(len(one.values)),
            "half": grouped(one.half),
            "most": grouped(one.most),
            "rank": grouped(rank),
            "share": percent(one.share_of(rank), 0),
        }

    def _what_it_is(self) -> str:
        updates, one = self.updates, self.updates.one
        if one.is_shipped:
            words = _("A shipped run, which comes with the app (ΔW in float16):")
        elif one.is_own:
            words = _("Your run “%s”:") % one.name
        else:
            words = _("Another reader's run “%s”:") % one.name
        return f"{words} " + plural(
            "ΔW = W after − W before %(steps)s step of full fine-tuning of %(model)s, task "
            "“%(task)s”, %(out)s × %(in)s. %(date)s.",
            "ΔW = W after − W before %(steps)s steps of full fine-tuning of %(model)s, task "
            "“%(task)s”, %(out)s × %(in)s. %(date)s.",
            updates.result.steps,
        ) % {
            "steps": grouped(updates.result.steps),
            "model": updates.model,
            "task": task_names()[one.settings.task],
            "out": grouped(updates.chosen.shape[0]),
            "in": grouped(updates.chosen.shape[1]),
            "date": time.strftime("%Y-%m-%d", time.gmtime(updates.result.ended)),
        }


def choose_trained_layer() -> TrainedUpdates:
    """Draw the lists of full fine-tuning runs and of the layers whose ΔW they kept.

    A run that the link names is shown or said to be none; the one that ships is shown then.
    """
    runs = kept_runs()
    names = tuple(name for name, one in runs.offered.items() if kept_layers(one.run))
    wanted = state.view().trained_run or names[0]
    controls.select("trained_run", names, words=run_name, if_empty=names[0])
    if runs.has_others:
        controls.toggle("all_runs")
    damaged_runs(runs.damaged())
    try:
        one = runs.find(wanted)
        check_updates(one.run)
        state.pin(trained_run=wanted)
    except UserError as error:
        shown = _("Shown in its place: %s.") % run_name(SHIPPED)
        show_warning(f"{error} {shown}")
        one = recorded(recorded_full_run())
    return _updates(one)


def _updates(one: RecordedRun) -> TrainedUpdates:
    """Draw the list of layers of a run that kept a ΔW."""
    layers = kept_layers(one.run)
    if state.view().trained_layer not in layers:
        state.update(trained_layer="")
    controls.select("trained_layer", layers, if_empty=layers[0])
    assert one.result is not None, "only runs with a result kept a ΔW"
    spectra = tuple(spectrum(change) for change in one.result.layer_changes if is_whole(change))
    return TrainedUpdates(one, one.result, state.view().trained_layer or layers[0], spectra)


def ask_trained_rebuild(
    updates: TrainedUpdates, scenario: Scenario, view: View
) -> TrainedRebuilding:
    """Rebuild the real ΔW in a worker, or take the known answer."""
    rebuild = asking.answer(
        _("Rebuilding a real ΔW at every rank …"),
        update_of(updates.one.run, updates.layer, view.seed, view.sweeps),
    )
    return TrainedRebuilding(updates, scenario, view, rebuild)
