"""Training lab: start a real fine-tuning job, watch it, and see what it proves."""

import streamlit as st

from lora_viz.errors import UserError
from lora_viz.i18n import _
from lora_viz.ui import controls, lab_settings, lab_start, page, run_controls, state
from lora_viz.ui import lab_words as words
from lora_viz.ui.damaged_runs import damaged_runs
from lora_viz.ui.lab_progress import show_run
from lora_viz.ui.lab_results import results
from lora_viz.ui.messages import show_warning
from lora_viz.ui.recorded_runs import kept_runs
from lora_viz.ui.run_words import description, run_name

kept = kept_runs()
wanted = state.view().run
try:
    one = kept.find(wanted) if wanted else kept.usual()
except UserError as error:  # no other run takes the place of the one that was asked for
    show_warning(str(error))
    one = None
if one and not wanted:
    state.pin(run=one.name)

page.headline(
    _("Training lab"),
    _("Fine-tune a model here and now: real losses, real weights, and checks of what it proves."),
    description(state.training()),
    is_about_adapter=state.scenario().method != "full",
)
picture, side = page.picture_and_controls()
with side:
    why_not = lab_start.problem()
    if why_not:
        lab_start.offer_embedded(why_not)
    with st.container(border=True):
        lab_settings.main_settings()
        if not why_not:
            missing = (
                lab_start.refused_targets()
                or lab_start.offer_shorter_sequences()
                or lab_settings.missing_data()
                or lab_settings.unusable_data()
            )
            lab_start.start_button(kept.runs, missing)
        lab_settings.more_settings()
    controls.select("run", tuple(kept.offered), words=lambda name: run_name(name) or "–")
    if kept.has_others:
        controls.toggle("all_runs")
    damaged_runs(kept.damaged())
    run_controls.queue(kept.runs, one.name if one else "")
    if not why_not:
        lab_start.estimate(state.training(), kept.runs)
with picture:
    if one:
        show_run(one)
    elif wanted:
        st.info(_("Choose another run in the list, or start one."))
    else:
        words.before_the_first_run()
if one and not one.is_running:
    results(one)

page.tabs(
    formula=lambda: words.formula(one, state.training()),
    table=lambda: words.table(one),
    why=words.why,
    sources=words.sources,
)
