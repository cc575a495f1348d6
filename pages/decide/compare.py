"""Compare: up to four scenarios side by side, which the page's link holds."""

import streamlit as st

from lora_viz.figures.memory_bars import memory_bars
from lora_viz.figures.wording.pieces import bar_pieces
from lora_viz.figures.wording.setting import scenario_line
from lora_viz.format import percent
from lora_viz.i18n import _
from lora_viz.ui.charts.chart import chart
from lora_viz.ui.compare import words
from lora_viz.ui.compare.answers import compare
from lora_viz.ui.kit import page
from lora_viz.ui.kit.messages import show_warning
from lora_viz.ui.kit.target_warnings import warn_of_unmatched_targets
from lora_viz.ui.session import state

page.headline(
    "compare",
    _(
        "Up to four scenarios: what differs, and what each costs in trained parameters, files "
        "and memory."
    ),
    scenario_line(state.scenario()),
)
own = words.compared_scenarios()
scenarios = own or words.first_comparison(state.scenario())
at = page.areas()
with at.controls:
    words.add_button(own)
    if own:
        words.scenario_cards(own)
    else:
        words.of_first_comparison(scenarios)
utilisation = state.view().utilisation
with at.picture:
    compared = compare(scenarios, utilisation)
    for one in compared:
        if one.reason:
            show_warning(f"{one.name}: {one.reason}")
        elif one.scenario.trains_adapter:
            warn_of_unmatched_targets(one.scenario, one.name)
    bars = {one.name: bar_pieces(one.report, one.scenario.method) for one in compared if one.report}
    if bars:
        label = _("What a step needs of the card")
        st.markdown(f"**{label}**")
        card = state.scenario().card
        chart(memory_bars(bars, {}, (card.name, card.memory_bytes)), "comparison", label)
with at.number:
    words.key_number(compared)
words.table(compared)
st.caption(
    _(
        "Seconds per step are estimated at %s of the card's peak rate, which you can set on the "
        "Planner page. Memory is simulated, as on the Memory page."
    )
    % percent(utilisation, 0)
)
words.share_link(scenarios)
