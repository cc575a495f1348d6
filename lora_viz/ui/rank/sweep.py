"""The second part of the page "Rank": what a rank sweep measured, and a button for one's own."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import streamlit as st

from lora_viz.figures.rank_sweep import Panel, sweep_figure
from lora_viz.format import percent, size
from lora_viz.i18n import _, plural
from lora_viz.training.data.tasks import TASKS
from lora_viz.training.perplexity import loss_words
from lora_viz.training.sweeps.findings import (
    SweepRun,
    falls_with_rank,
    own_sweeps,
    read_sweep,
    recorded_sweep,
    spreads,
    unreadable_sweeps,
)
from lora_viz.training.sweeps.sweep import Sweep
from lora_viz.ui.charts.chart import chart
from lora_viz.ui.kit import controls, page
from lora_viz.ui.kit.literal import as_markdown
from lora_viz.ui.kit.messages import show_warning
from lora_viz.ui.rank.rates import note_on_rates, trials_table
from lora_viz.ui.runs.damaged import damaged_runs
from lora_viz.ui.runs.read import kept_runs
from lora_viz.ui.runs.words import task_names
from lora_viz.ui.serving.reader import owns
from lora_viz.ui.session import state

RECORDED = "~"  # before a task's name; no sweep of a reader's can be called so


@dataclass(frozen=True)
class MeasuredSweep:
    """A sweep's finished runs and where they come from."""

    sweep: Sweep
    runs: list[SweepRun]
    is_recorded: bool

    def picture(self) -> None:
        """What was measured over the rank."""
        st.caption(as_markdown(self._what_it_is()))
        if not self.runs:
            st.markdown(_("No run of this sweep has finished yet."))
            return
        chart(sweep_figure(self._panels()), "rank-sweep", _("What a sweep measured at each rank"))
        st.caption(
            _(
                "● LoRA, ■ full fine-tuning: medians; the line goes from the lowest to the highest "
                "seed. Each axis begins below its lowest value, not at zero."
            )
        )

    def key_number(self) -> None:
        """The held-out loss at the lowest and the highest rank."""
        losses = spreads(self.runs, lambda run: run.held_out)
        ranked = [entry for entry in losses if entry.rank is not None]
        if not ranked:
            return
        full = next((entry for entry in losses if entry.rank is None), None)
        words = _("held-out loss (nats per token) at r = %(low)s and r = %(high)s") % {
            "low": ranked[0].rank,
            "high": ranked[-1].rank,
        }
        if full:
            words += _("; full fine-tuning %s") % loss_words(full.median, 2)
        ends = [loss_words(one.median, 2) for one in (ranked[0], ranked[-1])]
        page.key_number(" → ".join(ends), words, "sweep")

    def finding(self) -> None:
        """What these runs show, and what they do not."""
        losses = spreads(self.runs, lambda run: run.held_out)
        if len([entry for entry in losses if entry.rank is not None]) < 2:
            return
        with st.container(border=True):
            if falls_with_rank(losses):
                st.markdown(_("In these runs each higher rank has a lower held-out loss."))
            else:
                st.markdown(_("In these runs a higher rank does not always have a lower loss."))
            seeds = len({run.seed for run in self.runs})
            if seeds == 1:
                st.caption(
                    _("Only one seed, so this cannot show how much of the difference is chance.")
                )
            st.caption(
                _(
                    "One small model, one task, one learning rate for all ranks (%(lora)s) and "
                    "one for full fine-tuning (%(full)s): no rule for other models. Forgetting "
                    "depends on the learning rate too. These runs do not show that LoRA always "
                    "forgets less."
                )
                % self._rates()
            )
            note_on_rates(self.sweep.plan())
            if self.sweep.plan().settings.task == "qa":
                st.caption(self._about_questions())

    def table(self) -> None:
        """One row for each run."""
        rows: list[dict[str, Any]] = [
            {
                _("Run"): run.name,
                "r": run.rank,
                _("Seed"): run.seed,
                _("Learning rate"): run.learning_rate,
                _("Trained parameters"): run.trainable_parameters,
                _("Held-out loss, nats per token"): run.held_out,
                _("Exact match, %"): None if run.exact_match is None else 100 * run.exact_match,
                _("Forgetting, nats per token"): run.forgetting,
                self._seconds_title(): run.seconds,
                _("File, bytes"): run.file_bytes,
            }
            for run in self.runs
        ]
        page.table(rows, "rank-sweep")
        trials_table(self.sweep.plan())

    def _about_questions(self) -> str:
        """How many held-out answers were right, and the word for what is learned."""
        words = _("What a model learns from so few questions is memorisation.")
        shares = [run.exact_match for run in self.runs if run.exact_match is not None]
        if not shares:
            return words
        return f"{words} " + _(
            "Of %(questions)s reworded held-out questions, %(low)s to %(high)s were answered "
            "word for word."
        ) % {
            "questions": max(run.questions or 0 for run in self.runs),
            "low": percent(min(shares), 1),
            "high": percent(max(shares), 1),
        }

    def _panels(self) -> list[Panel]:
        drawn = [
            Panel(
                _("<b>Held-out loss</b><br>nats per token"),
                spreads(self.runs, lambda run: run.held_out),
                loss_words,
            ),
            Panel(
                _("<b>Forgetting</b>, nats per token<br>rise on pretraining text"),
                spreads(self.runs, lambda run: run.forgetting),
                lambda loss: ("+" if loss >= 0 else "") + loss_words(loss),
            ),
            Panel(
                _("<b>Exact match</b>, percent<br>of held-out questions"),
                spreads(self.runs, lambda run: _times_100(run.exact_match)),
                lambda share: f"{share:.1f} %",
            ),
            Panel(
                f"<b>{_('Time')}</b><br>{self._seconds_title()}",
                spreads(self.runs, lambda run: run.seconds),
                lambda seconds: f"{seconds:.1f} s",
            ),
            Panel(
                _("<b>File size</b>, MB<br>adapter or whole model"),
                spreads(self.runs, lambda run: _in_mb(run.file_bytes)),
                lambda megabytes: size(round(megabytes * 1e6)),
            ),
        ]
        return [panel for panel in drawn if panel.entries]

    def _seconds_title(self) -> str:
        if any(run.has_processor_time for run in self.runs):
            return _("training, processor seconds")
        return _("training, seconds")

    def _rates(self) -> dict[str, str]:
        rates: dict[str, set[str]] = {"lora": set(), "full": set()}
        for run in self.runs:
            rates["full" if run.rank is None else "lora"].add(f"{run.learning_rate:g}")
        return {name: ", ".join(sorted(found)) or "–" for name, found in rates.items()}

    def _what_it_is(self) -> str:
        plan = self.sweep.plan()
        words = (
            _("A shipped sweep, which comes with the app:")
            if self.is_recorded
            else _("Your sweep “%s”:") % self.sweep.path.name
            if owns(self.sweep.path)
            else _("Another reader's sweep “%s”:") % self.sweep.path.name
        )
        words += " " + plural(
            "%(model)s, task “%(task)s”, %(steps)s step, seeds: %(seeds)s.",
            "%(model)s, task “%(task)s”, %(steps)s steps, seeds: %(seeds)s.",
            plan.settings.steps,
        ) % {
            "model": plan.settings.scenario.model,
            "task": task_names()[plan.settings.task],
            "steps": plan.settings.steps,
            "seeds": len(plan.seeds),
        }
        planned = len(plan.runs())
        if len(self.runs) < planned:
            words += " " + plural(
                "%(done)s of %(all)s run has finished.",
                "%(done)s of %(all)s runs have finished.",
                planned,
            ) % {
                "done": len(self.runs),
                "all": planned,
            }
        if any(run.seconds is None for run in self.runs):
            words += " " + _("The time is not shown for runs that were resumed.")
        result = next((one for _settings, one in self.sweep.results()), None)
        if result and result.machine:
            words += " " + _("%(device)s, threads: %(threads)s, torch %(torch)s, %(date)s.") % {
                "device": result.machine.device,
                "threads": result.machine.threads,
                "torch": result.machine.software.get("torch", "?"),
                "date": time.strftime("%Y-%m-%d", time.gmtime(result.ended)),
            }
        return words


def choose_sweep() -> MeasuredSweep:
    """Draw the list of sweeps and read the chosen one."""
    found = {sweep.path.name: sweep for sweep in own_sweeps()}
    own = {name: sweep for name, sweep in found.items() if owns(sweep.path)}
    recorded = {f"{RECORDED}{task}": sweep for task in TASKS if (sweep := recorded_sweep(task))}
    offered = (found if state.view().all_runs else own) | recorded
    with_results = [name for name, sweep in own.items() if sweep.results()]
    usual = next(iter(with_results or recorded))
    wanted = state.view().sweep or usual
    controls.select("sweep", tuple(offered), words=_sweep_words, if_empty=usual)
    _others(len(own) < len(found))
    sweep = (found | recorded).get(wanted)
    if sweep:
        state.pin(sweep=wanted)
    else:
        sweep = next(iter(recorded.values()))
        wanted = next(iter(recorded))
        shown = _("Shown in its place: %s.") % _sweep_words(wanted)
        show_warning(f"{_no_sweep(state.view().sweep)} {shown}")
    return MeasuredSweep(sweep, read_sweep(sweep), wanted in recorded)


def _others(are_there: bool) -> None:
    """The switch that lists other readers' sweeps, and the folders that are damaged."""
    unreadable = unreadable_sweeps()
    mine = [one for one in unreadable if owns(one.path)]
    if are_there or len(mine) < len(unreadable):
        controls.toggle("all_runs")
    shown = unreadable if state.view().all_runs else mine
    damaged = {one.name: (one.damage,) for one in shown} | kept_runs().damaged()
    damaged_runs(damaged)


def _no_sweep(name: str) -> str:
    """Why a sweep that a link names is not drawn."""
    for one in unreadable_sweeps():
        if one.name == name:
            return _("The sweep “%(sweep)s” cannot be read: %(reason)s") % {
                "sweep": name,
                "reason": one.damage.sentence(),
            }
    return _("There is no rank sweep “%s” here.") % name


def summary(measured: MeasuredSweep) -> None:
    """The place next to the cost: what was measured, in one sentence."""
    with st.container(border=True):
        badge = _("shipped")
        if not measured.is_recorded:
            badge = _("your own") if owns(measured.sweep.path) else _("another reader's")
        st.markdown(f"**{_('Measured quality by rank')}** :gray-badge[{badge}]")
        losses = spreads(measured.runs, lambda run: run.held_out)
        shown = (f"{_rank_words(entry.rank)}: {loss_words(entry.median, 2)}" for entry in losses)
        st.caption(" · ".join(shown) or _("No run of this sweep has finished yet."))
        st.caption(_("Held-out loss in nats per token, of a small model; the charts are below."))


def _rank_words(rank: int | None) -> str:
    """Full, or r with spaces that do not break."""
    return _("full") if rank is None else f"r = {rank}".replace(" ", "\u00a0")


def _sweep_words(name: str) -> str:
    if not name.startswith(RECORDED):
        return name
    task = name.removeprefix(RECORDED)
    return _("shipped: task “%s”") % task_names().get(task, task)


def _times_100(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _in_mb(number_of_bytes: float | None) -> float | None:
    return None if number_of_bytes is None else number_of_bytes / 1e6
