"""Compare runs: curves together, settings that differ, results, run again, delete."""

import streamlit as st

from lora_viz.errors import UserError
from lora_viz.figures.compare_runs_curves import MOST_RUNS, curve_titles, run_comparison
from lora_viz.i18n import _, plural
from lora_viz.training.runs.run_folder import MissingRunError
from lora_viz.ui.charts.chart import chart
from lora_viz.ui.compare_runs import words
from lora_viz.ui.kit import controls, page
from lora_viz.ui.kit.literal import as_code, as_markdown
from lora_viz.ui.kit.messages import show_info, show_warning
from lora_viz.ui.runs.damaged import damaged_runs, delete_unreadable
from lora_viz.ui.runs.read import RecordedRun, kept_runs, recorded
from lora_viz.ui.runs.words import badge, run_name
from lora_viz.ui.session import state

NEWEST = 3

kept = kept_runs()
wanted = state.view().compared_runs
chosen: list[RecordedRun] = []
missing: list[str] = []
refused: list[str] = []
for name in wanted:
    try:
        chosen.append(kept.find(name))
    except MissingRunError:
        missing.append(f"“{name}”")
    except UserError as error:
        refused.append(str(error))
if missing:
    refused.insert(0, _("There is no run %s.") % ", ".join(missing))
if not wanted:
    chosen = [one for one in kept.own if one.curves.last][:NEWEST] or kept.to_begin_with()
    state.pin(compared_runs=tuple(one.name for one in chosen))

page.headline(
    "compare_runs",
    _(
        "Curves of loss, gradients and learning rate: several runs in one chart, and which "
        "settings made the difference."
    ),
    plural("%s run is kept on this machine", "%s runs are kept on this machine", len(kept.runs))
    % len(kept.runs),
)
for sentence in refused:
    show_warning(sentence)
if not kept.own:
    show_info(
        _(
            "You have no run yet, so those that come with the application are shown. Start one in "
            "the training lab, and another with a change."
        )
    )
    st.page_link(words.LAB, label=_("Go to the training lab"))


def draw_curves() -> None:
    """The curves; drawn again while a run goes on, and the page once one has ended."""
    try:
        now = [recorded(one.run) for one in chosen]
    except UserError:  # deleted in another window
        st.rerun()
    if any(one.is_running for one in chosen) and [one.state for one in now] != [
        one.state for one in chosen
    ]:
        st.rerun()
    kind = state.view().compared_curve
    curves = {run_name(one.name): words.curve_of(one, kind) for one in now}
    drawn = {name: curve for name, curve in curves.items() if curve.steps}
    if drawn:
        ends_alone = [run_name(one.name) for one in now if words.has_ends_alone(one, kind)]
        shapes = run_comparison(drawn, kind, ends_alone)
        chart(shapes["wide"], "compared-runs", curve_titles()[kind], narrow=shapes["narrow"])
    else:
        show_info(_("The chosen runs have recorded no such curve yet."))
        return
    if ends_alone:
        ends = _("Only before and after the training is known, and no curve: %s")
        st.caption(ends % as_markdown(", ".join(ends_alone)))
    if absent := [name for name in curves if name not in drawn]:
        st.caption(_("Without such a curve: %s") % as_markdown(", ".join(absent)))


at = page.areas()
with at.number:
    words.lowest_held_out(chosen)
with at.controls:
    controls.several(
        "compared_runs",
        tuple(kept.offered),
        words=run_name,
        free=False,
        most=MOST_RUNS,
        if_empty=tuple(one.name for one in chosen),
    )
    titles = curve_titles()
    kinds = controls.owner_of("compared_curve").options("compared_curve")
    controls.select("compared_curve", kinds, words=lambda kind: titles[kind])
with at.side:
    if kept.has_others:
        controls.toggle("all_runs")
    for one in chosen:
        st.markdown(f"{badge(one.state)} {as_code(run_name(one.name))}")
    damaged_runs(kept.damaged())
    delete_unreadable(kept.unreadable)
with at.picture:
    is_live = any(one.is_running for one in chosen)
    st.fragment(draw_curves, run_every="2s" if is_live else None)()
if chosen:
    words.settings_table(chosen)
    words.results_table(chosen)
    words.actions(chosen)
