"""Planner: what fits on which card, how far it goes there, what settings cost, and its speed."""

import streamlit as st

from lora_viz.choices.methods import METHODS
from lora_viz.figures.wording.names import method_name, model_name, step_name
from lora_viz.i18n import _
from lora_viz.machine.cards import gpus
from lora_viz.memory.report import MemoryReport
from lora_viz.memory.settings import capability_class
from lora_viz.models.catalogue import catalogue
from lora_viz.ui.kit import asking, controls, page
from lora_viz.ui.kit.target_warnings import warn_of_unmatched_targets
from lora_viz.ui.memory import words as memory_words
from lora_viz.ui.planner import grid, several_cards
from lora_viz.ui.planner import search as planner_search
from lora_viz.ui.planner import time as planner_time
from lora_viz.ui.planner import words as planner_words
from lora_viz.ui.planner.answers import planned_cards, planned_scenarios
from lora_viz.ui.session import state
from lora_viz.ui.session.view import PLANNED_AT_ONCE
from lora_viz.ui.this_machine import words as machine_words

scenario = state.scenario()
page.headline(
    "planner",
    _("What fits on which card, how far it can go there, and what each setting costs."),
    step_name(scenario),
)
context_length = asking.architecture().context_length
memory_words.note_on_context(scenario, context_length)
at = page.areas()
with at.controls:
    controls.several("planned_models", tuple(catalogue()), words=model_name, most=PLANNED_AT_ONCE)
    planner_words.note_on_local(state.view())
    controls.several("planned_methods", tuple(METHODS), words=method_name, free=False)
    controls.several(
        "planned_ranks", (1, 4, 16, 64, 256), words=str, free=False, most=PLANNED_AT_ONCE
    )
    controls.slider("batch_size", highest=64)
    controls.number("seq_len")
    controls.toggle("gradient_checkpointing")
with at.below, st.container(border=True):
    card, memory = st.columns(2, gap="medium")
    with card:
        controls.select("gpu", tuple(gpus()))
    with memory:
        controls.number("gpu_memory_gb")
rows = planned_cards(scenario, machine_words.reading_now())
planned = planned_scenarios(scenario, state.view())
with at.picture:
    for other in {one.model: one for one in planned if one.model != scenario.model}.values():
        warn_of_unmatched_targets(other, model_name(other.model))
    steps = grid.simulate_grid(list(dict.fromkeys((*planned, scenario))), rows)
    grid.draw(planned, rows, steps, scenario.card.name)
with at.number:
    grid.key_number(scenario, rows, steps)
report = steps[scenario, capability_class(scenario.card.compute_capability)]
chosen = report if isinstance(report, MemoryReport) else None
if chosen:
    search, time = st.columns(2, gap="medium")
    with search.container(border=True):
        planner_search.how_far(chosen, scenario, context_length)
    with time.container(border=True):
        st.markdown(f"**{_('How long does a step take?')}**")
        utilisation = state.view().utilisation
        planner_time.utilisation_controls(chosen, scenario)
        planner_time.step_sentence(chosen, scenario, utilisation)
    with st.expander(_("Seconds per step on every card that it fits")):
        planner_time.table(scenario, rows, steps, utilisation)
    with st.container(border=True):
        several_cards.how_many(scenario, rows)
    with st.container(border=True):
        st.markdown(f"**{_('What does each setting cost?')}**")
        planner_search.costs(chosen, scenario, utilisation)
page.tabs(
    formula=lambda: planner_words.formula(chosen, scenario),
    table=lambda: page.table(grid.rows_of_table(planned, rows, steps), "planner"),
    why=planner_words.why,
    sources=planner_words.sources,
)
