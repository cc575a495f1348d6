"""Out of memory: what a failed run left, beside the simulated step."""

import streamlit as st

from lora_viz.errors import UserError
from lora_viz.figures.memory_bars import memory_bars
from lora_viz.figures.wording.failures import causes_in_message, causes_in_snapshot
from lora_viz.figures.wording.names import step_name
from lora_viz.figures.wording.pieces import bar_pieces
from lora_viz.i18n import Message, _
from lora_viz.machine.cards import gpus
from lora_viz.memory.snapshots.reading import SnapshotFacts
from lora_viz.memory.snapshots.refused_memory import RefusedMemory
from lora_viz.ui.charts.chart import chart
from lora_viz.ui.failed_run import words
from lora_viz.ui.failed_run.given import place_for_what_is_left, what_was_said
from lora_viz.ui.kit import asking, controls, page
from lora_viz.ui.kit.literal import as_markdown
from lora_viz.ui.kit.messages import show_warning
from lora_viz.ui.memory import words as memory_words
from lora_viz.ui.memory.answers import step_of
from lora_viz.ui.page_end.stopping import stop_page
from lora_viz.ui.session import state

scenario = state.scenario()
page.headline(
    "failed_run",
    _(
        "Give what your run left when it failed: see which kind of memory is larger than it should "
        "be, and what to change."
    ),
    step_name(scenario),
)
memory_words.note_on_context(scenario, asking.architecture().context_length)
at = page.areas()
with at.controls:
    place_for_what_is_left()
    controls.select("gpu", tuple(gpus()))
    controls.slider("batch_size", highest=64)
    controls.number("seq_len")
    controls.toggle("gradient_checkpointing")
report = step_of(scenario)
if isinstance(report, UserError):
    with at.picture:
        show_warning(report.message)
    stop_page()
given = what_was_said(scenario)
name, said = given or ("", None)
with at.picture:
    if said is None:
        words.nothing_given()
    elif isinstance(said, Message):
        show_warning(f"{as_markdown(name)}: {said}")
    elif isinstance(said, RefusedMemory):
        words.causes(causes_in_message(said, report))
    else:
        words.causes(causes_in_snapshot(said, report, scenario))
    columns = {_("Simulated"): bar_pieces(report, scenario.method)}
    if isinstance(said, SnapshotFacts):
        columns = words.both_columns(said, report, scenario.method)
    label = _("What is on the card at the highest moment")
    st.markdown(f"**{label}**")
    chart(
        memory_bars(columns, {}, (scenario.card.name, scenario.card.memory_bytes)),
        "failed-run",
        label,
    )
    if isinstance(said, SnapshotFacts):
        words.largest_storages(said, scenario.method)
with at.number:
    if isinstance(said, SnapshotFacts):
        words.key_number(said)
    else:
        memory_words.key_number(report, scenario)
with at.side, st.container(border=True):
    words.simulated_snapshot(scenario)


if isinstance(said, SnapshotFacts):
    table = words.table_beside(said, report, scenario.method)
else:
    table = words.table_of_step(report, scenario.method)
page.tabs(
    formula=words.formula,
    table=lambda: page.table(table, "failed-run"),
    why=words.why,
    sources=words.sources,
)
