"""What the page "Compare runs" shows below its chart: settings, results, and what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

import streamlit as st

from lora_viz.choices.scenario import Scenario
from lora_viz.figures.kit.colours import HIGHLIGHT
from lora_viz.figures.wording.setting import setting_value
from lora_viz.i18n import _
from lora_viz.training.perplexity import loss_words
from lora_viz.training.runs.curves import Curve
from lora_viz.training.runs.results import Result
from lora_viz.ui.kit import page
from lora_viz.ui.kit.literal import as_code, as_frame, as_html, as_markdown
from lora_viz.ui.kit.messages import show_info
from lora_viz.ui.page_list import file_of
from lora_viz.ui.runs.buttons import delete
from lora_viz.ui.runs.read import RecordedRun
from lora_viz.ui.runs.words import badge, description, run_name, setting_label, state_names
from lora_viz.ui.session import state
from lora_viz.ui.session.frames import act_button
from lora_viz.ui.tables.lines import with_lines

SETTING_WIDTH, RESULT_WIDTH = 150, 215  # pixels, so that a phone shows the first run too
LAB = file_of("training_lab")
HIGHLIGHTED = f"background-color: {HIGHLIGHT}"
# What the same loss is over: where it differs, losses are of different tokens.
EVALUATED_ON = ("task", "data_file", "model", "seq_len", "evaluation_sequences")
NOT_COMPARED = ("language", "gpu", "tasks")


def curve_of(one: RecordedRun, kind: str) -> Curve:
    """A run's curve of one kind; empty where it recorded none, nor its two ends."""
    curves = one.curves
    found: dict[str, Curve] = {
        "training": curves.loss,
        "gradient_norm": curves.gradient_norm,
        "learning_rate": curves.learning_rate,
        "held_out": curves.evaluations.get("held_out") or _ends(one, "held_out"),
        "validation": curves.evaluations.get("validation") or _ends(one, "validation"),
    }
    return found[kind]


def has_ends_alone(one: RecordedRun, kind: str) -> bool:
    """Whether a run kept no curve of the kind, but the losses before and after in its result."""
    return not one.events and bool(curve_of(one, kind).steps)


def _ends(one: RecordedRun, part: str) -> Curve:
    """A loss before the first and after the last step, from a run's result."""
    curve = Curve()
    losses = getattr(one.result, part, None)
    if one.result and losses:
        curve.add(0, losses.before.loss)
        if losses.after:
            curve.add(one.result.steps, losses.after.loss)
    return curve


def lowest_held_out(runs: Sequence[RecordedRun]) -> None:
    """The run whose held-out loss ends lowest, if all losses are over the same tokens."""
    last = [(one, _last_held_out(one)) for one in runs if not _diverged(one)]
    ends = [(one, loss) for one, loss in last if loss is not None and isfinite(loss)]
    if not ends:
        return
    differing = [field for field in EVALUATED_ON if len(_values(runs, field)) > 1]
    if differing:
        show_info(
            _(
                "These runs were evaluated on different tokens, so their losses cannot be "
                "ranked. They differ in: %s."
            )
            % ", ".join(setting_label(field) for field in differing)
        )
        return
    best, loss = min(ends, key=lambda end: end[1])
    page.key_number(
        loss_words(loss),
        _("the lowest held-out loss at the end, nats per token: %s") % as_html(run_name(best.name)),
    )


def settings_table(runs: Sequence[RecordedRun]) -> None:
    """Every setting of every run; rows in which runs differ come first and are highlighted."""
    page.section(_("Settings"))
    fields = [field for field in runs[0].settings.flat() if field not in NOT_COMPARED]
    differing = [field for field in fields if len(_values(runs, field)) > 1]
    rows = [
        {_("Setting"): setting_label(field)}
        | {run_name(one.name): _shown(one, field) for one in runs}
        for field in [*differing, *(field for field in fields if field not in differing)]
    ]
    _highlighted_table(rows, len(differing), "compared-settings")
    st.caption(_("Settings that differ, highlighted: %s") % len(differing))


def results_table(runs: Sequence[RecordedRun]) -> None:
    """What each run found out, one column a run."""
    page.section(_("Results"))
    found = {run_name(one.name): _findings(one) for one in runs}
    rows = [
        {_("Result"): name} | {run: values[name] for run, values in found.items()}
        for name in next(iter(found.values()))
    ]
    columns: dict[str, Any] = {_("Result"): st.column_config.Column(width=RESULT_WIDTH)}
    page.table(rows, "compared-results", **columns)


def actions(runs: Sequence[RecordedRun]) -> None:
    """For each run: take its settings back into the lab, look at it, or delete it."""
    page.section(_("The runs"))
    for one in runs:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(
                f"{badge(one.state)} {as_code(run_name(one.name))}  \n"
                f"{as_markdown(description(one.settings))}"
            )
            if st.button(_("Run again with a change"), key=f"again:{one.name}"):
                _take(one)
                st.switch_page(LAB)
            if st.button(_("Open"), key=f"open:{one.name}"):
                state.update(run=one.name)
                st.switch_page(LAB)
            _delete(one)


def _take(one: RecordedRun) -> None:
    """Set the lab to what a run was told, except for data that another reader uploaded."""
    state.take_settings(one.open_settings)
    state.update(run=one.name)
    if one.has_others_data:
        state.complain(
            _("The settings of “%s” are taken without the data, which is another reader's.")
            % one.name
        )


def _delete(one: RecordedRun) -> None:
    if not one.is_own:
        return
    if one.is_running:
        act_button(
            _("Delete"),
            key=f"delete:{one.name}",
            disabled=True,
            help=_("It is still running; stop it first."),
        )
        return
    with st.popover(_("Delete")):
        st.markdown(_("Delete %s with its adapter and all that it recorded?") % as_code(one.name))
        act_button(
            _("Delete for good"),
            key=f"delete:{one.name}",
            on_click=_delete_now,
            args=(one,),
            type="primary",
        )


def _delete_now(one: RecordedRun) -> None:
    if not delete(one.run):
        return
    state.unpin()
    view = state.view()
    kept = tuple(name for name in view.compared_runs if name != one.name)
    state.update(compared_runs=kept, run="" if view.run == one.name else view.run)


def _highlighted_table(rows: list[dict[str, Any]], highlighted: int, name: str) -> None:
    frame = as_frame(rows)
    styled = frame.style.apply(
        lambda row: [HIGHLIGHTED if row.name < highlighted else ""] * len(row), axis=1
    )
    with with_lines(frame, name, is_marked=lambda row: row < highlighted):
        st.dataframe(
            styled,
            hide_index=True,
            height=min(38 + 35 * len(rows), 430),
            column_config={_("Setting"): st.column_config.Column(width=SETTING_WIDTH)},
        )
    page.csv_button(frame, name)


def _findings(one: RecordedRun) -> dict[str, str]:
    result = one.result
    last = one.curves.last
    return {
        _("State"): state_names()[one.state],
        _("Steps taken"): f"{last.step if last else result.steps if result else 0:,}",
        _("Held-out loss, nats per token"): _change(result, "held_out") if result else _newest(one),
        _("Validation loss, nats per token"): _change(result, "validation"),
        _("Pretraining text (forgetting), nats per token"): _change(result, "pretraining"),
        _("Exact match, held-out questions"): _match(result),
        _("Trained parameters"): _count(result and result.trainable_parameters),
        _("Adapter or model file, B"): _count(
            result and (result.files.adapter or result.files.model)
        ),
        _("Training, s"): _training_seconds(result),
        _("Peak resident set, B"): _count(result and result.memory and result.memory.peak_resident),
        _("Base weights unchanged"): _check(result, "base_unchanged"),
    }


def _training_seconds(result: Result | None) -> str:
    if result is None:
        return "–"
    seconds = f"{result.seconds.get('training', 0.0):.1f}"
    if result.resumed_from is None:
        return seconds
    return _("%(seconds)s since step %(step)s") % {
        "seconds": seconds,
        "step": f"{result.resumed_from:,}",
    }


def _change(result: Result | None, part: str) -> str:
    losses = getattr(result, part) if result else None
    if losses is None:
        return "–"
    after = loss_words(losses.after.loss, 4) if losses.after else "–"
    return f"{loss_words(losses.before.loss, 4)} → {after}"


def _newest(one: RecordedRun) -> str:
    newest = _last_held_out(one)
    return "–" if newest is None else loss_words(newest, 4)


def _match(result: Result | None) -> str:
    match = result.exact_match_held_out if result else None
    return f"{match.before} → {match.after} / {match.questions}" if match else "–"


def _check(result: Result | None, name: str) -> str:
    checks = {check.name: check.passed for check in result.checks} if result else {}
    return {True: "✓", False: "✗", None: "–"}[checks.get(name)]  # type: ignore[call-overload]


def _count(value: int | None) -> str:
    return f"{value:,}" if value else "–"


def _last_held_out(one: RecordedRun) -> float | None:
    """The held-out loss that a run ends with, also where it kept its result and no curve."""
    values = curve_of(one, "held_out").values
    return values[-1] if values else None


def _diverged(one: RecordedRun) -> bool:
    return one.result is not None and one.result.diverged_at is not None


def _values(runs: Sequence[RecordedRun], field: str) -> set[str]:
    return {_as_text(one.settings.flat()[field]) for one in runs}


def _shown(one: RecordedRun, field: str) -> str:
    if field == "data_file" and one.has_others_data:
        return _("another reader's")
    if field in Scenario.model_fields:
        return setting_value(one.settings.scenario, field)
    return _as_text(one.settings.flat()[field])


def _as_text(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return _("on") if value else _("off")
    return f"{value:g}" if isinstance(value, float) else str(value)
