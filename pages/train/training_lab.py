"""Training lab: start a real fine-tuning job, watch it, and see what it proves."""

import streamlit as st

from lora_viz.errors import UserError
from lora_viz.i18n import _
from lora_viz.ui import controls, lab_settings, lab_start, page, run_controls, state
from lora_viz.ui import lab_words as words
from lora_viz.ui.lab_progress import show_run
from lora_viz.ui.lab_results import results
from lora_viz.ui.messages import show_warning
from lora_viz.ui.recorded_runs import all_runs, chosen_run
from lora_viz.ui.run_words import description

runs = all_runs()
try:
    one = chosen_run(state.view().run, runs)
except UserError as error:
    show_warning(str(error))
    one = chosen_run("", runs)
if one and one.is_running and not state.view().run:
    state.update(run=one.name)  # the one that is watched stays when it ends and another begins

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
            lab_start.start_button(runs, missing)
        lab_settings.more_settings()
    if runs:
        names = tuple(known.name for known in runs)
        controls.select("run", names, if_empty=one.name if one else "")
    run_controls.queue(runs, one.name if one else "")
    if not why_not:
        lab_start.estimate(state.training(), runs)
with picture:
    if one is None:
        words.before_the_first_run()
    else:
        show_run(one)
if one and not one.is_running:
    results(one)

page.tabs(
    formula=lambda: words.formula(one, state.training()),
    table=lambda: words.table(one),
    why=words.why,
    sources=words.sources,
)
