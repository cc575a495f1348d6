"""Training lab: start a real fine-tuning job, watch it, and see what it proves."""

from lora_viz.errors import UserError
from lora_viz.i18n import _
from lora_viz.ui.kit import controls, page
from lora_viz.ui.kit.messages import show_info, show_warning
from lora_viz.ui.runs import buttons
from lora_viz.ui.runs.damaged import damaged_runs
from lora_viz.ui.runs.read import kept_runs
from lora_viz.ui.runs.words import description, run_name
from lora_viz.ui.session import state
from lora_viz.ui.training_lab import settings, start, words
from lora_viz.ui.training_lab.progress import show_example, show_run
from lora_viz.ui.training_lab.results import results

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
    "training_lab",
    _("Fine-tune a model here and now: real losses, real weights, and checks of the result."),
    description(state.training()),
    is_about_adapter=state.scenario().trains_adapter,
)
at = page.areas()
with at.number:
    why_not = start.problem()
    if why_not:
        start.offer_embedded(why_not)
with at.controls:
    settings.main_settings()
    if not why_not:
        missing = (
            start.refused_targets()
            or start.offer_shorter_sequences()
            or settings.missing_data()
            or settings.unusable_data()
        )
        start.start_button(kept.runs, missing)
    settings.more_settings()
with at.side:
    controls.select("run", tuple(kept.offered), words=lambda name: run_name(name) or "–")
    if kept.has_others:
        controls.toggle("all_runs")
    damaged_runs(kept.damaged())
    buttons.queue(kept.runs, one.name if one else "")
    if not why_not:
        start.estimate(state.training(), kept.runs)
with at.picture:
    if one:
        show_run(one)
    elif wanted:
        show_info(_("Choose another run in the list, or start one."))
    else:
        words.before_the_first_run()
        if examples := kept.to_begin_with():
            show_example(examples[0])
if one and not one.is_running:
    results(one)

page.tabs(
    formula=lambda: words.formula(one, state.training()),
    table=lambda: words.table(one),
    why=words.why,
    sources=words.sources,
)
