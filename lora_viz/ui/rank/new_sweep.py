"""A new rank sweep from the page: start it, see how far it is, stop it."""

from __future__ import annotations

import time
from contextlib import suppress

import streamlit as st

from lora_viz.errors import UserError
from lora_viz.format import grouped
from lora_viz.i18n import _, plural
from lora_viz.training.folder.places import NameTakenError
from lora_viz.training.jobs import launch
from lora_viz.training.perplexity import loss_words
from lora_viz.training.runs.events import StepEvent
from lora_viz.training.runs.run_folder import Run
from lora_viz.training.sweeps import launch as sweep_launch
from lora_viz.training.sweeps.findings import default_plan, own_sweeps
from lora_viz.training.sweeps.plan import SweepPlan
from lora_viz.training.sweeps.sweep import Sweep, create_sweep
from lora_viz.ui.kit import controls
from lora_viz.ui.kit.literal import as_code, as_markdown
from lora_viz.ui.kit.messages import show_error, show_warning
from lora_viz.ui.runs.buttons import may_change
from lora_viz.ui.serving.reader import claim, owns
from lora_viz.ui.session import state
from lora_viz.ui.session.frames import act_button

LOOK_SECONDS = 2.0
MOST_AT_ONCE = 100  # sweeps that start within one second


def new_sweep(shown: Sweep) -> None:
    """The button that starts the default sweep, or how far the running one is.

    A sweep of the reader's that was cut off can go on: the one that is `shown`, else the newest.
    """
    all_sweeps = own_sweeps()
    own = [sweep for sweep in all_sweeps if owns(sweep.path)]
    running = next((sweep for sweep in all_sweeps if sweep.is_alive()), None)
    with st.container(border=True):
        st.markdown(f"**{_('Your own sweep')}**")
        if running:
            _progress(running)
        else:
            _offer_the_rest(shown, own)
            _offer()
        if reason := st.session_state.pop("sweep-failed", None):
            show_error(reason)


def _offer_the_rest(shown: Sweep, own: list[Sweep]) -> None:
    begun = shown if shown in own else next(iter(own), None)  # the newest may show nothing yet
    try:
        left = len(begun.left()) if begun else 0
    except UserError:  # its plan cannot be read
        return
    if begun:
        _how_it_ended(begun)
    if begun and left:
        act_button(
            plural(
                "Continue with the %s run that is left",
                "Continue with the %s runs that are left",
                left,
            )
            % left,
            key="resume-sweep",
            on_click=_go_on,
            args=(begun,),
            help=as_markdown(begun.path.name),
        )


def _how_it_ended(sweep: Sweep) -> None:
    """Why the sweep or a run of it failed, each in a sentence."""
    end = sweep.end()
    if end is not None and end.state == "failed":
        show_error(" ".join(str(words) for words in (end.why, end.what_to_try) if words))
    for damage in sweep.damages():
        show_warning(f"{sweep.name}: {damage.sentence()}")
    for run in sweep.runs():
        result = run.result()
        if result is not None and result.state == "failed":
            show_warning(f"{run.name}: {result.why}")


def _offer() -> None:
    controls.options("sweep_task", words=_task_words)
    controls.options("sweep_seeds")
    view = state.view()
    plan = default_plan(view.sweep_task, int(view.sweep_seeds))
    act_button(
        plural("Start %s run", "Start %s runs", len(plan.runs())) % len(plan.runs()),
        key="start-sweep",
        type="primary",
        on_click=_start,
        args=(view.sweep_task, int(view.sweep_seeds)),
    )
    st.caption(
        _(
            "r = 1, 2, 4, 8, 16, 32 and full fine-tuning of tiny-gpt2, %s steps each, one after "
            "the other on this machine. It continues if you leave the page. Your results then "
            "replace the shipped ones here."
        )
        % grouped(plan.settings.steps)
    )


def _start(task: str, seeds: int) -> None:
    try:
        sweep = _created(default_plan(task, seeds), task)
        claim(sweep.path)
        _work_on(sweep)
    except UserError as error:
        st.session_state["sweep-failed"] = str(error)


def _created(plan: SweepPlan, task: str) -> Sweep:
    """A sweep with a name of its own, where several start within one second. Raises `UserError`."""
    stem = f"rank-sweep-{task}-{time.strftime('%Y%m%d-%H%M%S')}"
    for name in (stem, *(f"{stem}-{number}" for number in range(2, MOST_AT_ONCE))):
        with suppress(NameTakenError):
            return create_sweep(plan, name)
    return create_sweep(plan, stem)


def _go_on(sweep: Sweep) -> None:
    if may_change(sweep):
        _work_on(sweep)


def _work_on(sweep: Sweep) -> None:
    try:
        sweep_launch.start(sweep)
        state.unpin()
        state.update(sweep="")
    except (UserError, OSError) as error:
        st.session_state["sweep-failed"] = str(error)


@st.fragment(run_every=LOOK_SECONDS)
def _progress(sweep: Sweep) -> None:
    """Looks again by itself; when the sweep has ended the whole page is drawn again."""
    if not sweep.is_alive() or sweep.damage():
        st.rerun()
    runs = sweep.runs()
    done = len(sweep.results())
    begun = [run for run in runs if run.is_alive()]
    share, words = _within(begun[-1] if begun else None)
    st.progress(
        min(1.0, (done + share) / len(runs)),
        plural("%(done)s of %(all)s run done", "%(done)s of %(all)s runs done", len(runs))
        % {"done": done, "all": len(runs)},
    )
    st.caption(f"{as_markdown(sweep.name)}  \n{words}")
    if owns(sweep.path) and act_button(_("Stop"), key="stop-sweep"):
        try:
            launch.stop(sweep)
        except UserError as error:
            show_error(str(error))
            return
        st.caption(_("Stopping after this step; finished runs are kept."))


def _within(run: Run | None) -> tuple[float, str]:
    """The share of a run's steps that are done, and what it is doing."""
    if run is None:
        return 0.0, _("Loading the libraries, or waiting for other jobs.")
    last = next((one for one in reversed(run.events()) if isinstance(one, StepEvent)), None)
    if last is None:
        return 0.0, _("%s is getting ready.") % as_code(run.name)
    return last.step / last.steps, _("%(run)s: step %(step)s of %(steps)s, batch loss %(loss)s") % {
        "run": as_code(run.name),
        "step": grouped(last.step),
        "steps": grouped(last.steps),
        "loss": loss_words(last.loss),
    }


def _task_words(task: str) -> str:
    return {"style": _("a change of style"), "qa": _("questions about LoRA")}[task]
