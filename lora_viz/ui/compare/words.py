"""The comparison in words: its table, its buttons, and the link that holds it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from lora_viz.choices.methods import METHODS
from lora_viz.choices.scenario import Scenario
from lora_viz.choices.scenario_links import MOST, decode, differing_fields, encode, plain
from lora_viz.figures.kit.colours import HIGHLIGHT
from lora_viz.figures.wording.needs import needs_of, verdict_words
from lora_viz.figures.wording.setting import scenario_line, setting_value
from lora_viz.format import grouped, size
from lora_viz.i18n import _
from lora_viz.memory.fit import verdict
from lora_viz.ui.compare.answers import NAMES, Compared
from lora_viz.ui.kit import page
from lora_viz.ui.kit.literal import as_frame, as_markdown
from lora_viz.ui.session import state
from lora_viz.ui.tables.lines import with_lines

# always in the table; of the others only those that differ
ALWAYS = ("model", "method", "rank", "target_modules", "batch_size", "seq_len", "base_dtype", "gpu")
DIFFERS = "≠"
SIGN_WIDTH, NAME_WIDTH = 32, 190  # pixels, so that a phone shows the names in full
HIGHLIGHTED = f"background-color: {HIGHLIGHT}; font-weight: 600"


def compared_scenarios() -> tuple[Scenario, ...]:
    """This session's comparison."""
    return decode(state.view().compared)[0]


def first_comparison(scenario: Scenario) -> tuple[Scenario, ...]:
    """What stands here before a reader has added anything: the scenario by each method."""
    return tuple(plain(scenario).changed(method=method) for method in METHODS)


def of_first_comparison(scenarios: tuple[Scenario, ...]) -> None:
    """That the reader has added nothing yet, and what is compared in its place."""
    st.caption(
        _(
            "You have added nothing yet, so the current scenario is compared by each method. Add "
            "it, change a setting, and add it again."
        )
    )
    for name, scenario in zip(NAMES, scenarios, strict=False):
        st.markdown(f"**{name}** {as_markdown(scenario_line(scenario))}")


def add_button(scenarios: tuple[Scenario, ...]) -> None:
    """Put the current scenario into the comparison, if it has room and is not in it."""
    now = plain(state.scenario())
    is_there, is_full = now in scenarios, len(scenarios) == MOST
    st.button(
        _("Add the current scenario"),
        key="compare:add",
        type="primary",
        disabled=is_there or is_full,
        on_click=_keep,
        args=((*scenarios, now),),
    )
    if is_there:
        name = NAMES[scenarios.index(now)]
        st.caption(_("It is %s. Change a setting in the sidebar to add another.") % name)
    elif is_full:
        st.caption(_("You can compare at most four; remove one to add another."))
    else:
        st.caption(_("What the sidebar shows now becomes %s.") % NAMES[len(scenarios)])


def scenario_cards(scenarios: tuple[Scenario, ...]) -> None:
    """One line a scenario, with buttons to take it up and to remove it."""
    for number, scenario in enumerate(scenarios):
        name = NAMES[number]
        st.markdown(f"**{name}** {as_markdown(scenario_line(scenario))}")
        buttons = st.container(horizontal=True)
        buttons.button(
            _("Use"),
            key=f"compare:use:{number}",
            help=_("Make %s the current scenario.") % name,
            on_click=_use,
            args=(scenario,),
        )
        rest = scenarios[:number] + scenarios[number + 1 :]
        buttons.button(
            _("Remove"),
            key=f"compare:remove:{number}",
            help=_("Remove %s.") % name,
            on_click=_keep,
            args=(rest,),
        )


def share_link(scenarios: tuple[Scenario, ...]) -> None:
    """The address of this page, which holds every scenario but those of local folders."""
    missing = [
        name
        for name, scenario in zip(NAMES, scenarios, strict=False)
        if not scenario.fits_links("model")
    ]
    if not state.view().compared:
        st.caption(
            _(
                "The address of this page holds the current scenario, from which these are made: "
                "copy it to share them."
            )
        )
    elif missing:
        st.caption(
            _(
                "The address of this page holds all of them except %s, because it names no "
                "folder of this machine. Copy it to share them."
            )
            % ", ".join(missing)
        )
    else:
        st.caption(_("The address of this page holds all of them: copy it to share them."))
    st.code(state.address(), wrap_lines=True)


def key_number(compared: list[Compared]) -> None:
    """What the smallest step needs, and how far the largest is above it."""
    reports = [(one.report.needs.total, one.name) for one in compared if one.report]
    if not reports:
        return
    (lowest, best), (highest, worst) = min(reports), max(reports)
    words = _("needed by %s, the least of all") % best
    if len(reports) > 1:
        words += "; " + _("%(name)s needs %(times)s times as much") % {
            "name": worst,
            "times": f"{highest / lowest:.2f}",
        }
    page.key_number(size(lowest), words)


def table(compared: list[Compared]) -> None:
    """Settings and results; a setting that differs has a sign and a ground."""
    differing = differing_fields(tuple(one.scenario for one in compared))
    lines = [*_setting_lines(compared, differing), *_result_lines(compared)]
    frame = as_frame(lines)
    styled = frame.style.apply(
        lambda row: [HIGHLIGHTED if row[""] == DIFFERS else ""] * len(row), axis=1
    )
    columns = {
        "": st.column_config.Column(width=SIGN_WIDTH),
        _("Setting or result"): st.column_config.Column(width=NAME_WIDTH),
    }
    with with_lines(frame, "comparison", is_marked=lambda row: lines[row][""] == DIFFERS):
        st.dataframe(styled, hide_index=True, height="content", column_config=columns)
    st.caption(_("%s marks the settings that differ.") % DIFFERS)
    page.csv_button(frame, "comparison")


def _setting_lines(compared: list[Compared], differing: list[str]) -> list[dict[str, str]]:
    shown = [field for field in Scenario.model_fields if field in (*ALWAYS, *differing)]
    return [
        {
            "": DIFFERS if field in differing else "",
            _("Setting or result"): str(Scenario.label(field)),
            **{one.name: setting_value(one.scenario, field) for one in compared},
        }
        for field in sorted(shown, key=lambda field: field not in differing)
    ]


def _result_lines(compared: list[Compared]) -> list[dict[str, str]]:
    results: dict[str, Callable[[Compared], Any]] = {
        _("Needed of its card"): lambda one: (
            one.report and needs_of(one.report, one.scenario.card.memory_bytes)
        ),
        _("Peak allocated"): lambda one: one.report and size(one.report.needs.allocated),
        _("Reserved beyond the peak"): lambda one: (
            one.report and size(one.report.needs.reserved_beyond)
        ),
        _("CUDA context (assumed)"): lambda one: one.report and size(one.report.needs.context),
        _("On its card"): lambda one: (
            one.report
            and verdict_words()[verdict(one.report, one.scenario.card.memory_bytes)].split(":")[0]
        ),
        _("Trainable parameters"): lambda one: (
            one.report and grouped(one.report.trainable_parameters)
        ),
        _("Adapter file"): lambda one: one.adapter_bytes and size(one.adapter_bytes),
        _("Seconds per step (estimate)"): lambda one: one.seconds and f"{one.seconds:.3g}",
    }
    return [
        {
            "": "",
            _("Setting or result"): words,
            **{one.name: result(one) or "–" for one in compared},
        }
        for words, result in results.items()
    ]


def _keep(scenarios: tuple[Scenario, ...]) -> None:
    state.update(compared=encode(scenarios))


def _use(scenario: Scenario) -> None:
    """Make a compared scenario the current one; the language stays the reader's."""
    now = state.scenario()
    kept = {"language": now.language, "tasks": now.tasks}
    state.update(model=scenario.model)
    state.update(**{**scenario.model_dump(exclude={"model"}), **kept})
