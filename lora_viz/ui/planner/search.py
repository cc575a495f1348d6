"""How far a scenario can go on its card, searched on demand; and what each setting costs."""

from __future__ import annotations

import streamlit as st

from lora_viz.choices.methods import METHODS
from lora_viz.choices.optimizers import of_each_state
from lora_viz.choices.scenario import Scenario
from lora_viz.choices.targets import ALL_LINEAR
from lora_viz.errors import UserError
from lora_viz.figures.wording.names import method_name
from lora_viz.figures.wording.needs import needs_of, parts_of, verdict_words
from lora_viz.format import binary_size, grouped, size
from lora_viz.i18n import _, plural
from lora_viz.memory.fit import Largest, Simulate, largest, verdict
from lora_viz.memory.report import CUDA_CONTEXT_BYTES, MemoryReport
from lora_viz.memory.step_time import step_seconds
from lora_viz.ui.kit import page
from lora_viz.ui.kit.literal import as_markdown
from lora_viz.ui.kit.long_work import long_work
from lora_viz.ui.kit.messages import show_warning
from lora_viz.ui.memory.answers import is_known, known_step, smaller_steps, step_quietly

Found = tuple[Largest, Largest]
SEARCH, COSTS = "planner-search", "planner-costs"


class _NotKnownError(Exception):
    """A search needs a step that has not been simulated."""


def how_far(report: MemoryReport, scenario: Scenario, context_length: int | None) -> None:
    """What the step needs, the largest batch and the longest sequence: at once where known, else
    when asked for."""
    st.markdown(f"**{_('How far can it go on %s?') % as_markdown(scenario.card.name)}**")
    memory = scenario.card.memory_bytes
    st.markdown(
        _("This step needs **%(needs)s**: %(verdict)s.")
        % {
            "needs": needs_of(report, memory),
            "verdict": verdict_words()[verdict(report, memory)],
        }
    )
    st.caption(_("The parts: %s.") % parts_of(report))
    found = _known_search(scenario, context_length)
    if found is None:
        place = st.empty()
        with place.container():
            is_wanted = st.button(_("Find the largest batch and sequence"), key="search-largest")
            st.caption(
                _("About ten to twenty simulated steps. You can stop it and continue later.")
            )
        if not is_wanted:
            return
        place.empty()
        try:
            found = _search(scenario, context_length)
        except UserError as error:
            show_warning(str(error))
            return
    batch, length = found
    st.markdown(
        "\n".join(
            (
                _line(_("Largest batch at %s tokens") % grouped(scenario.seq_len), batch),
                _line(_("Longest sequence at batch %s") % grouped(scenario.batch_size), length),
            )
        )
    )
    st.caption(
        _(
            "After setting aside %(context)s for the CUDA context. Where two numbers are given, "
            "the larger one needs `PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True`; in "
            "between it depends on fragmentation."
        )
        % {"context": binary_size(CUDA_CONTEXT_BYTES)}
    )


def _line(words: str, found: Largest) -> str:
    if not found.tight_value:
        return "- " + words + ": " + _("not even 1 fits")
    value = grouped(found.value)
    if found.tight_value != found.value:
        value += f" – {grouped(found.tight_value)}"
    limits = {
        "card": _("more does not fit"),
        "context": _("the model's context ends there, not the card"),
        "setting": _("this app's setting ends there, not the card"),
    }
    return f"- {words}: **{value}** ({limits[found.limited_by]})"


def _known_search(scenario: Scenario, context_length: int | None) -> Found | None:
    """What a search finds if every step that it needs has been simulated."""

    def known(wanted: Scenario) -> MemoryReport:
        step = known_step(wanted)
        if step is None:
            raise _NotKnownError
        return step

    try:
        return _both(scenario, known, context_length)
    except _NotKnownError:
        return None


def _search(scenario: Scenario, context_length: int | None) -> Found:
    """Search with simulated steps, saying which one it is at. Raises `UserError`."""
    asked = 0
    with long_work(SEARCH) as say:

        def simulate(wanted: Scenario) -> MemoryReport:
            nonlocal asked
            asked += 1
            say(
                _("Simulated step %(number)s: batch %(batch)s × %(length)s tokens …")
                % {
                    "number": asked,
                    "batch": grouped(wanted.batch_size),
                    "length": grouped(wanted.seq_len),
                },
                None,
            )
            step = step_quietly(wanted)
            if isinstance(step, UserError):
                raise step
            return step

        return _both(scenario, simulate, context_length)


def _both(scenario: Scenario, simulate: Simulate, context_length: int | None) -> Found:
    return (
        largest(scenario, "batch_size", simulate, context_length),
        largest(scenario, "seq_len", simulate, context_length),
    )


def costs(report: MemoryReport, scenario: Scenario, utilisation: float) -> None:
    """What each setting costs or saves: one simulated step for each change, on demand."""
    changes = changed_settings(scenario)
    known = all(is_known(changed) for changed in changes.values())
    if not known:
        place = st.empty()
        with place.container():
            is_wanted = st.button(_("Simulate each change"), key="simulate-costs")
            st.caption(
                plural(
                    "%s simulated step, for one setting.",
                    "%s simulated steps, one for each setting.",
                    len(changes),
                )
                % len(changes)
            )
        if not is_wanted:
            return
        place.empty()
    lines, reasons = [], []
    with long_work(COSTS) as say:
        for number, (words, changed) in enumerate(changes.items()):
            if not known:
                say(words, number / len(changes))
            step = step_quietly(changed)
            if isinstance(step, UserError):
                reasons.append(f"{words}: {step}")
            else:
                lines.append(_cost_line(words, (report, scenario), (step, changed), utilisation))
    page.table([line for _bytes, line in sorted(lines, key=lambda pair: pair[0])], "costs")
    for reason in reasons:
        show_warning(reason)


def changed_settings(scenario: Scenario) -> dict[str, Scenario]:
    """One change at a time, in words: what saves memory, and what could be had for more."""
    changes = smaller_steps(scenario)
    batch, length, rank = 2 * scenario.batch_size, 2 * scenario.seq_len, 2 * scenario.rank
    if scenario.gradient_checkpointing:
        changes[_("No gradient checkpointing")] = scenario.changed(gradient_checkpointing=False)
    if batch <= Scenario.limits("batch_size")[1]:
        changes[_("Twice the batch (%s)") % grouped(batch)] = scenario.changed(batch_size=batch)
    if length <= Scenario.limits("seq_len")[1]:
        words = _("Twice the sequence length (%s)") % grouped(length)
        changes[words] = scenario.changed(seq_len=length)
    if scenario.trains_adapter:
        if rank <= Scenario.limits("rank")[1]:
            changes[_("Twice the rank (%s)") % rank] = scenario.changed(rank=rank)
        if scenario.target_modules != (ALL_LINEAR,):
            words = _("Every linear layer as target")
            changes[words] = scenario.changed(target_modules=(ALL_LINEAR,))
    for optimizer in of_each_state():
        if optimizer.name != scenario.optimizer:
            words = _("Optimizer %s") % optimizer.name
            changes[words] = scenario.changed(optimizer=optimizer.name)
    for method in METHODS:
        if method != scenario.method:
            changes[_("Method %s") % method_name(method)] = scenario.changed(method=method)
    return changes


def _cost_line(
    words: str,
    now: tuple[MemoryReport, Scenario],
    then: tuple[MemoryReport, Scenario],
    utilisation: float,
) -> tuple[int, dict[str, str]]:
    """The bytes to sort by, and a row of the table."""
    change = then[0].needs.total - now[0].needs.total
    before, after = (step_seconds(*pair, utilisation) for pair in (now, then))
    return change, {
        _("Change"): words,
        _("Needed of the card"): size(then[0].needs.total),
        _("Difference"): f"{'+' if change > 0 else '−'}{size(abs(change))}",
        _("Difference (B)"): f"{change:+,}",
        _("Peak allocated"): size(then[0].needs.allocated),
        _("Seconds per step"): f"{after:.3g}",
        _("Times as long"): f"{after / before:.2f}",
    }
