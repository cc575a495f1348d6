"""Bring your own: a file of a trainer or of PEFT, what it costs, and whether it fits the card."""

import streamlit as st

from lora_viz.errors import UserError
from lora_viz.figures.memory_bars import memory_bars
from lora_viz.figures.wording.names import method_name, step_name
from lora_viz.figures.wording.pieces import bar_pieces, rows
from lora_viz.i18n import _
from lora_viz.machine.cards import gpus
from lora_viz.ui.bring_your_own import words
from lora_viz.ui.bring_your_own.given import given, place_to_give
from lora_viz.ui.bring_your_own.known_number import what_is_in_it
from lora_viz.ui.charts.chart import chart
from lora_viz.ui.kit import asking, controls, page
from lora_viz.ui.kit.messages import show_warning
from lora_viz.ui.memory import words as memory_words
from lora_viz.ui.memory.answers import step_of
from lora_viz.ui.page_end.stopping import stop_page
from lora_viz.ui.session import state

scenario = state.scenario()
page.headline(
    "bring_your_own",
    _(
        "Give the file that you train with: see what it means, what it costs, whether it fits your "
        "card, and what would make it fit."
    ),
    step_name(scenario),
)
at = page.areas()
with at.controls:
    place_to_give()
    controls.select("gpu", tuple(gpus()))
    controls.number("gpu_memory_gb")
with at.picture:
    found = words.what_is_given(given())
    if found:
        words.not_understood(found)
    architecture = asking.architecture()
    layout = asking.adapter_layout() if scenario.trains_adapter else None
    words.line_and_bytes(scenario, architecture, layout)
    report = step_of(scenario)
    if isinstance(report, UserError):
        show_warning(report.message)
    else:
        label = _("What a step needs of the card")
        st.markdown(f"**{label}**")
        chart(
            memory_bars(
                {method_name(scenario.method): bar_pieces(report, scenario.method)},
                {},
                (scenario.card.name, scenario.card.memory_bytes),
            ),
            "brought-memory",
            label,
        )
    if found:
        words.understood(found)
with at.side, st.container(border=True):
    what_is_in_it(scenario.model, architecture)
if isinstance(report, UserError):
    stop_page()
reports = {scenario.method: report}
with at.number:
    memory_words.key_number(report, scenario)
    if found:
        words.note_on_left_out(found)
with at.below, st.container(border=True):
    memory_words.next_steps(report, scenario)
page.tabs(
    formula=lambda: memory_words.formula(reports),
    table=lambda: page.table(rows(reports), "bring-your-own"),
    why=words.why,
    sources=words.sources,
)
