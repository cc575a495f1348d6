"""Seconds per step on each card, at a stated utilisation or at that of a run of one's own."""

from __future__ import annotations

import streamlit as st

from lora_viz.choices.scenario import Scenario
from lora_viz.format import grouped, percent
from lora_viz.i18n import _
from lora_viz.memory.fit import verdict
from lora_viz.memory.report import MemoryReport
from lora_viz.memory.step_time import calibrated_utilisation, step_seconds, tokens_per_second
from lora_viz.ui.kit import controls, page
from lora_viz.ui.kit.literal import as_markdown
from lora_viz.ui.planner.answers import PlannedCard, Steps
from lora_viz.ui.planner.grid import step_on
from lora_viz.ui.session import state

MEASURED = "measured-seconds"


def utilisation_controls(report: MemoryReport, scenario: Scenario) -> None:
    """The utilisation, which is assumed or follows from a run of one's own."""
    controls.number("utilisation", step=0.05)
    with st.form("calibrate", border=False):
        st.number_input(
            _("Measured seconds per step"),
            min_value=0.0,
            value=None,
            format="%g",
            key=MEASURED,
            help=_(
                "How long one optimizer step of exactly this scenario took on %s. The "
                "utilisation is worked out from it and then used for every card and scenario."
            )
            % as_markdown(scenario.gpu),
        )
        st.form_submit_button(
            _("Set the utilisation from my run"), on_click=_calibrate, args=(report, scenario)
        )


def _calibrate(report: MemoryReport, scenario: Scenario) -> None:
    seconds = st.session_state[MEASURED]
    if not seconds:
        return
    found = calibrated_utilisation(report, scenario, seconds)
    if found > 1:
        state.complain(
            _(
                "%(seconds)s s would be faster than %(card)s's published peak rate. Check the "
                "card, the scenario, and that you measured an optimizer step."
            )
            % {"seconds": f"{seconds:g}", "card": scenario.gpu}
        )
    else:
        state.update(utilisation=float(f"{found:.4g}"))


def step_sentence(report: MemoryReport, scenario: Scenario, utilisation: float) -> None:
    """Seconds and tokens a second on the chosen card."""
    st.markdown(
        _(
            "**%(seconds)s s** per step on %(card)s, "
            "**%(tokens)s tokens/s**, at %(share)s utilisation"
        )
        % {
            "seconds": f"{step_seconds(report, scenario, utilisation):.3g}",
            "tokens": grouped(round(tokens_per_second(report, scenario, utilisation))),
            "card": as_markdown(scenario.gpu),
            "share": percent(utilisation, 1),
        }
    )


def table(scenario: Scenario, rows: list[PlannedCard], steps: Steps, utilisation: float) -> None:
    """Seconds per step on every card of the table that has room, the fastest first."""
    timed = []
    for row in rows:
        step = step_on(steps, scenario, row)
        if row.card is None or step is None or verdict(step, row.memory_bytes) == "too_large":
            continue
        on_card = scenario
        if row.name != scenario.card.name:
            on_card = scenario.changed(gpu=row.name, gpu_memory_gb=0.0)
        timed.append((step_seconds(step, on_card, utilisation), step, on_card))
    page.table(
        [
            {
                _("Card"): on_card.card.name,
                _("Seconds per step"): f"{seconds:.3g}",
                _("Tokens per second"): grouped(
                    round(tokens_per_second(step, on_card, utilisation))
                ),
                _("Launch price (USD)"): (
                    grouped(on_card.card.launch_price_usd)
                    if on_card.card.launch_price_usd is not None
                    else _("none published")
                ),
            }
            for seconds, step, on_card in sorted(timed, key=lambda timed: timed[0])
        ],
        "seconds",
    )
    st.caption(
        _(
            "An estimate: the counted operations divided by the published peak rate (half "
            "precision, or float32 for a float32 base) times the utilisation, and never less "
            "than the time it takes to read the weights twice. Loading data, padding that is "
            "dropped and unpacking 4-bit weights are not counted. T4 and V100 reach their "
            "half-precision rate in float16 only."
        )
    )
