"""Memory: what a simulated training step takes by each method, against the chosen card."""

import streamlit as st

from lora_viz.choices.methods import METHODS
from lora_viz.choices.scenario import Scenario
from lora_viz.choices.several_cards import SHARDINGS
from lora_viz.errors import UserError
from lora_viz.explainer import quotes
from lora_viz.figures.memory_bars import memory_bars
from lora_viz.figures.memory_curve import memory_curve
from lora_viz.figures.wording.names import method_name, sharding_name, step_name
from lora_viz.figures.wording.pieces import bar_pieces, curve_pieces, phase_names, rows
from lora_viz.i18n import _
from lora_viz.machine.cards import gpus
from lora_viz.ui.charts.chart import chart
from lora_viz.ui.kit import asking, controls, page
from lora_viz.ui.kit.messages import show_warning
from lora_viz.ui.memory import words
from lora_viz.ui.memory.answers import step_of
from lora_viz.ui.page_end.stopping import stop_page
from lora_viz.ui.session import state

GB = 1e9
QUOTED = {"full": round(quotes.FULL_PEAK.value * GB), "lora": round(quotes.LORA_PEAK.value * GB)}

scenario = state.scenario()
page.headline(
    "memory",
    _(
        "One training step, simulated: LoRA removes gradients and moments, but weights, "
        "activations and logits stay. See what is there at the peak, and when."
    ),
    step_name(scenario),
)
words.note_on_context(scenario, asking.architecture().context_length)
at = page.areas()
with at.controls:
    controls.options("method", words=method_name)
    card, size = st.columns(2, vertical_alignment="bottom")
    with card:
        controls.select("gpu", tuple(gpus()))
    with size:
        controls.number("gpu_memory_gb")
    controls.rank()
    controls.slider("batch_size", highest=64)
    controls.number("seq_len")
    controls.toggle("gradient_checkpointing")
    count, sharding = st.columns(2, vertical_alignment="bottom")
    with count:
        controls.number("world_size")
    with sharding:
        controls.select("sharding", tuple(SHARDINGS), words=sharding_name)
with at.picture:
    answered = {method: step_of(scenario.changed(method=method)) for method in METHODS}
    reports = {method: step for method, step in answered.items() if not isinstance(step, UserError)}
    reasons = {method: step for method, step in answered.items() if isinstance(step, UserError)}
    if len(set(map(str, reasons.values()))) == 1 and not reports:
        show_warning(str(reasons["full"]))
    else:
        for method, reason in reasons.items():
            show_warning(f"{method_name(method)}: {reason}")
    if not reports:
        stop_page()
    is_explainers = scenario.model == Scenario().model
    quoted = {
        _("%s, quoted") % method_name(method): count
        for method, count in QUOTED.items()
        if is_explainers
    }
    label = (
        _("What a step needs of the card")
        if scenario.world_size == 1
        else _("What a step needs of each card")
    )
    st.markdown(f"**{label}**")
    chart(
        memory_bars(
            {method_name(method): bar_pieces(report, method) for method, report in reports.items()},
            quoted,
            (scenario.card.name, scenario.card.memory_bytes),
        ),
        "memory",
        label,
    )
    if is_explainers:
        st.caption(words.quotation(reports, scenario))
    chosen = reports.get(scenario.method)
    if chosen:
        label = _("Allocated during a step of %s") % method_name(scenario.method)
        st.markdown(f"**{label}**")
        chart(
            memory_curve(
                curve_pieces(chosen, scenario.method),
                (chosen.peak_phase, chosen.peak_allocated),
                phase_names(),
            ),
            "memory-curve",
            label,
        )
        st.caption(
            _(
                "Same colours as above; heights are to scale. What is hatched above is not "
                "included: the step allocates no tensor there."
            )
        )
if chosen:
    with at.number:
        words.key_number(chosen, scenario)
with at.side:
    with st.container(border=True):
        for finding in words.findings(reports, scenario):
            st.markdown(finding)
    if chosen and chosen.batches:
        with st.container(border=True):
            words.batches(chosen)
    if chosen:
        with st.container(border=True):
            words.next_steps(chosen, scenario)
page.tabs(
    formula=lambda: words.formula(reports),
    table=lambda: page.table(rows(reports), "memory"),
    why=lambda: words.why(reports, scenario),
    sources=lambda: words.sources(chosen or next(iter(reports.values())), scenario),
)
