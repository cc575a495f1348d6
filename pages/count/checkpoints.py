"""Checkpoints: what a training run saves, to the byte, and what many tasks cost on a disk."""

import streamlit as st

from lora_viz.costs.many_tasks import TaskStorage
from lora_viz.figures.checkpoints_bars import one_run_figure, tasks_figure
from lora_viz.figures.kit.base import Figure
from lora_viz.figures.wording.names import method_name, model_name
from lora_viz.format import grouped
from lora_viz.i18n import _, plural
from lora_viz.ui.charts.chart import chart
from lora_viz.ui.checkpoints import words
from lora_viz.ui.checkpoints.answers import sizes_by_rank
from lora_viz.ui.checkpoints.explainer_story import story
from lora_viz.ui.kit import controls, page
from lora_viz.ui.session import state

scenario = state.scenario()
page.headline(
    "checkpoints",
    _(
        "Full fine-tuning saves every weight again for every task. An adapter is a small file "
        "that goes with one frozen base ❄. See how long its bar is, and how little another task "
        "adds."
    ),
    f"{model_name(scenario.model)} · {method_name(scenario.method)} · r = {scenario.rank}",
)
sizes_at = sizes_by_rank(scenario)
sizes = sizes_at(scenario.rank)
storage = TaskStorage(sizes.model, sizes.adapter, scenario.tasks)


def run_at(rank: int) -> Figure:
    """What one run saves at a rank."""
    return one_run_figure(sizes_at(rank))


def tasks_at(rank: int) -> Figure:
    """What the tasks take at a rank."""
    sizes = sizes_at(rank)
    return tasks_figure(
        TaskStorage(sizes.model, sizes.adapter, scenario.tasks), sizes.adapter_parts
    )


at = page.areas()
with at.picture:
    label = _("What one run saves")
    st.markdown(f"**{label}**")
    chart(run_at(scenario.rank), "checkpoint-of-one-run", label, at_rank=run_at)
    label = _("What your tasks take")
    st.markdown(f"**{label}**")
    chart(tasks_at(scenario.rank), "checkpoints-of-tasks", label, at_rank=tasks_at)
    st.caption(
        _(
            "Drawn to scale, units are decimal (MB = 10⁶ B). The full model is saved in "
            "%(files)s. Pale: the base that full models start from, not counted in their sum."
        )
        % {"files": plural("%s file", "%s files", sizes.model_files) % grouped(sizes.model_files)}
    )
with at.number:
    words.key_number(sizes, scenario)
with at.controls:
    controls.slider("tasks", highest=100)
    controls.rank()
    controls.options("base_dtype")
    controls.options("adapter_dtype")
with at.side:
    words.tasks_card(storage, scenario)
    page.note_on_other_states()
page.tabs(
    formula=lambda: words.formula(sizes, storage),
    table=lambda: words.table(scenario),
    why=lambda: words.why(sizes, storage),
    sources=words.sources,
)
story()
