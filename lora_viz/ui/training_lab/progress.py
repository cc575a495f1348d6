"""A run as it goes on: what it is doing, how far it is, its curves; polled only until it ends."""

from __future__ import annotations

import time
from itertools import pairwise

import streamlit as st

from lora_viz.errors import UserError
from lora_viz.figures.training_lab_curves import training_curves
from lora_viz.format import binary_size, grouped, percent
from lora_viz.i18n import _, plural
from lora_viz.machine.gpus_here import read_gpus
from lora_viz.storage import is_writable
from lora_viz.training.folder.unchanged import stamp
from lora_viz.training.perplexity import loss_words, perplexity_words
from lora_viz.training.runs.events import EvaluationEvent, NoticeEvent, StateEvent
from lora_viz.training.runs.run_folder import Run
from lora_viz.ui.charts.chart import chart
from lora_viz.ui.kit import page
from lora_viz.ui.kit.literal import as_code, as_markdown
from lora_viz.ui.kit.messages import show_error, show_info, show_warning
from lora_viz.ui.runs.buttons import resume_button, stop_button
from lora_viz.ui.runs.damaged import what_is_wrong
from lora_viz.ui.runs.read import RecordedRun, recorded
from lora_viz.ui.runs.words import badge, description, duration, run_name, state_names
from lora_viz.ui.training_lab.start import gpus_here

LARGE_FILE_BYTES = 2_000_000  # from here on a file of events is read again less often


def show_run(one: RecordedRun) -> None:
    """Show a run; while its process lives the view renews itself."""
    every = None
    if one.is_running:
        is_large = stamp(one.run.events_file)[2] > LARGE_FILE_BYTES
        every = "5s" if is_large else "1s"
    st.fragment(_view, run_every=every)(one.run, one.is_running)


def _view(run: Run, was_running: bool) -> None:
    try:
        one = recorded(run)
    except UserError:  # deleted in another window
        st.rerun()
    if was_running != one.is_running:  # it ended, or goes on after a pause
        st.rerun()
    _head(one)
    _how_it_ended(one)
    _headline_numbers(one)
    if one.is_running:
        _progress(one)
        _gpu_meters()
    if one.curves.last or one.curves.evaluations:
        _curves(one)
    elif one.is_running:
        st.caption(_("The curves begin with the first evaluation, before the first step."))


def show_example(one: RecordedRun) -> None:
    """Show the curves of a shipped run, where the reader has none."""
    st.markdown(f"**{as_markdown(_('An example: %s') % run_name(one.name))}**")
    st.caption(as_markdown(description(one.settings)))
    _curves(one)


def _curves(one: RecordedRun) -> None:
    shapes = training_curves(one.curves, one.steps, one.name)
    chart(shapes["wide"], "run", _("The run's curves over its steps"), narrow=shapes["narrow"])


def _head(one: RecordedRun) -> None:
    words, button = st.columns([4, 1], vertical_alignment="center")
    name = f"**{as_code(run_name(one.name))}**"
    words.markdown(f"{badge(one.state)} {name}  \n{as_markdown(description(one.settings))}")
    if one.is_running:
        with button:
            stop_button(one, "run")


def _headline_numbers(one: RecordedRun) -> None:
    """The held-out loss before training and at the newest evaluation."""
    held_out = [
        event
        for event in one.events
        if isinstance(event, EvaluationEvent) and event.part == "held_out"
    ]
    if not held_out:
        return
    first, last = held_out[0], held_out[-1]
    if first is last:
        page.key_number(
            loss_words(first.loss), _("held-out loss in nats per token, before the first step")
        )
        return
    page.key_number(
        f"{loss_words(first.loss)} → {loss_words(last.loss)}",
        plural(
            "held-out loss in nats per token, before training and after %(steps)s step; "
            "perplexity %(before)s → %(after)s",
            "held-out loss in nats per token, before training and after %(steps)s steps; "
            "perplexity %(before)s → %(after)s",
            last.step,
        )
        % {
            "steps": grouped(last.step),
            "before": perplexity_words(first.loss),
            "after": perplexity_words(last.loss),
        },
    )


def _progress(one: RecordedRun) -> None:
    """How far a running job is; only steps, which are counted, move the bar."""
    last = one.curves.last
    if one.state == "queued":
        waits = _("queued: %s ahead") % one.ahead if one.ahead else state_names()["queued"]
        st.progress(0.0, waits)
    elif one.state == "training" and last:
        words = _("training, step %(step)s of %(steps)s · %(left)s left · %(pace)s tokens/s") % {
            "step": grouped(last.step),
            "steps": grouped(last.steps),
            "left": duration(last.seconds_left),
            "pace": f"{last.tokens_per_second:,.0f}" if last.tokens_per_second < 1e12 else "–",
        }
        st.progress(min(last.step / last.steps, 1.0), words)
    else:
        done = last.step / last.steps if last else 0.0
        st.progress(min(done, 1.0), f"{state_names()[one.state]} …")
    st.caption(_activities(one))


def _activities(one: RecordedRun) -> str:
    """What the job's newest process has done so far, with the seconds that each took."""
    states = [event for event in one.events if isinstance(event, StateEvent)]
    beginnings = [place for place, event in enumerate(states) if event.state == "queued"]
    states = states[beginnings[-1] :] if beginnings else states
    names = state_names()
    done = [
        f"{names[event.state]} {duration(after.time - event.time)}"
        for event, after in pairwise(states)
    ]
    if states and one.is_running:
        since = duration(max(0.0, time.time() - states[-1].time))
        done.append(f"**{names[states[-1].state]} {since}**")
    return " → ".join(done)


def _how_it_ended(one: RecordedRun) -> None:
    """Notices, what is damaged, and for a run without its end what happened and what to try."""
    if damages := () if one.is_shipped else one.run.damages():
        show_warning(what_is_wrong(damages))
    notices = (event.sentence for event in one.events if isinstance(event, NoticeEvent))
    for sentence in dict.fromkeys(map(str, notices)):  # a run that was resumed says them again
        show_info(one.open_words(sentence))
    if one.state == "unreadable":
        show_info(_("How it ended is not known: its result cannot be read."))
    elif one.state == "failed" and one.result:
        said = (str(part) for part in (one.result.why, one.result.what_to_try) if part)
        show_error(one.open_words(" ".join(said)))
    elif one.state == "interrupted":
        show_warning(
            _(
                "The process of this run ended without a result. Either it was killed, as the "
                "system does when memory runs out, or the machine was switched off. What it "
                "recorded is kept; resume it, or start again."
            )
        )
        if not is_writable(one.run.path):
            show_warning(
                _("Its folder %s cannot be written now; that may be why it says no more.")
                % one.run.path
            )
    elif one.state == "stopped":
        show_info(_("Stopped on request. What it had is kept, and it can be resumed."))
    if one.state in ("failed", "interrupted", "stopped"):
        resume_button(one)


def _gpu_meters() -> None:
    """Memory and utilisation of this machine's GPUs now; nothing where there is none."""
    if not gpus_here():
        return
    for gpu in read_gpus().gpus:
        if gpu.used_bytes is None or not gpu.total_bytes:
            continue
        words = _("%(card)s: %(used)s of %(total)s in use by all processes") % {
            "card": gpu.name,
            "used": binary_size(gpu.used_bytes),
            "total": binary_size(gpu.total_bytes),
        }
        if gpu.utilisation is not None:
            words += " · " + _("%s busy") % percent(gpu.utilisation, 0)
        st.progress(min(gpu.used_bytes / gpu.total_bytes, 1.0), as_markdown(words))
