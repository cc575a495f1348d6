"""How the learning rates of a sweep were chosen, in words and as a table."""

from __future__ import annotations

import streamlit as st

from lora_viz.i18n import _
from lora_viz.training.data.tasks import TASKS
from lora_viz.training.sweeps.learning_rates import FULL, TRIED_RANKS, chosen_rates, recorded_trials
from lora_viz.training.sweeps.plan import SweepPlan
from lora_viz.ui.kit import page


def has_chosen_rates(plan: SweepPlan) -> bool:
    """Whether a sweep takes the rates that the recorded trials chose."""
    task = plan.settings.task
    if task not in TASKS:
        return False
    return plan.learning_rates == chosen_rates(recorded_trials(task)).by_rank(plan.ranks)


def note_on_rates(plan: SweepPlan) -> None:
    """On which part the rates were chosen, where they were."""
    if not has_chosen_rates(plan):
        return
    st.caption(
        _(
            "The rates were chosen before, on the validation part: of those tried they have the "
            "lowest loss, and for LoRA the lowest mean over r = %s. The tab “Table” lists the "
            "trials. The held-out part is drawn."
        )
        % ", ".join(map(str, TRIED_RANKS))
    )


def trials_table(plan: SweepPlan) -> None:
    """One row for each trial that chose the rates."""
    if not has_chosen_rates(plan):
        return
    st.markdown(f"**{_('How the learning rates were chosen')}**")
    rows = [
        {
            "r": _("full") if trial.rank == FULL else str(trial.rank),
            _("Learning rate"): trial.learning_rate,
            _("Validation loss, nats per token"): trial.validation,
        }
        for trial in recorded_trials(plan.settings.task)
    ]
    page.table(rows, "learning-rates")
    st.caption(_("Seed 0, one run each, with the settings of the sweep; recorded by this project."))
