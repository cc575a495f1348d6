"""What a run found out, once it has ended: losses, checks, answers, files and memory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from math import isfinite
from pathlib import Path

import streamlit as st

from lora_viz.format import THIN_SPACE, grouped, percent, size
from lora_viz.i18n import _
from lora_viz.training.folder.files import exists, folder_damage
from lora_viz.training.perplexity import loss_words, perplexity_words
from lora_viz.training.runs.metrics_table import metrics_csv
from lora_viz.training.runs.public_names import public_settings
from lora_viz.training.runs.results import BeforeAfter, Check, ExactMatch, Memory, Result, Sample
from lora_viz.ui.kit.literal import as_block, as_code, as_markdown
from lora_viz.ui.runs.read import RecordedRun
from lora_viz.ui.runs.words import duration

HASH_DIGITS = 12
CARD = "README.md"  # says among other things what was trained on


def results(one: RecordedRun) -> None:
    """Everything that the run measured; what it did not get to is left out."""
    result = one.result
    if result is None:
        _downloads(one)
        return
    left, right = st.columns(2, gap="medium")
    with left.container(border=True):
        _losses(result)
    with right.container(border=True):
        _checks(result)
    left, right = st.columns(2, gap="medium")
    with left.container(border=True):
        _sizes(result)
    with right.container(border=True):
        _memory(result)
    if result.samples:
        with st.container(border=True):
            _samples(one, result.samples)
    _downloads(one)


def part_names() -> dict[str, str]:
    """What the parts are that losses are measured on."""
    return {
        "held_out": _("held-out"),
        "validation": _("validation"),
        "pretraining": _("pretraining text"),
    }


def check_names() -> dict[str, str]:
    """What each check tried out, as a sentence that holds when it passed."""
    return {
        "base_unchanged": _("The base weights are the same bytes as before training."),
        "reloaded": _("What was saved loads again to bit-identical logits."),
        "merged": _("Merged into the weights, it agrees within rounding: the same tokens."),
        "adapter_off": _("With the adapter off, the base answers as before, bit for bit."),
        "rank": _("No layer's ΔW has a rank above r."),
    }


def _losses(result: Result) -> None:
    st.markdown(f"**{_('Loss before and after')}**")
    lines = [f"| | {_('before')} | {_('after')} | {_('perplexity')} |", "|:--|--:|--:|--:|"]
    tokens = 0
    for part, name in part_names().items():
        losses: BeforeAfter | None = getattr(result, part)
        if losses:
            lines.append(f"| {name} | {_loss_cells(losses)} |")
            tokens = max(tokens, losses.before.tokens)
    if not tokens:
        st.caption(_("The run ended before its first evaluation."))
        return
    st.markdown("\n".join(lines))
    st.caption(
        _(
            "Mean cross-entropy in nats per token, over up to %s tokens; perplexity is its "
            "exponential."
        )
        % grouped(tokens)
    )
    _forgetting(result)
    for words, match in (
        (_("Held-out questions"), result.exact_match_held_out),
        (_("Trained questions (memorisation)"), result.exact_match_trained),
    ):
        if match:
            st.markdown(f"{words}: {_matched(match)}")


def _loss_cells(losses: BeforeAfter) -> str:
    before, after = losses.before, losses.after
    perplexities = [perplexity_words(one.loss) for one in (before, after) if one]
    return " | ".join(
        (
            loss_words(before.loss),
            f"**{loss_words(after.loss)}**" if after else "–",
            " → ".join(perplexities),
        )
    )


def _forgetting(result: Result) -> None:
    """What the training cost on the text that the model was pretrained for."""
    losses = result.pretraining
    if losses is None or losses.after is None:
        return
    change = losses.after.loss - losses.before.loss
    values = {"change": ("+" if change > 0 else "") + loss_words(change, 4).replace("-", "−")}
    st.markdown(_("Forgetting: **%(change)s** nats per token on the pretraining text.") % values)
    if not result.own_pretraining_text:
        st.caption(
            _(
                "tiny-gpt2 was pretrained on this text. Your model may not have been, so read "
                "this as the change on general English prose."
            )
        )


def _matched(match: ExactMatch) -> str:
    return _("exact match **%(before)s → %(after)s** of %(all)s") % {
        "before": match.before,
        "after": match.after,
        "all": match.questions,
    }


def _checks(result: Result) -> None:
    st.markdown(f"**{_('Checked on this run')}**")
    if not result.checks:
        st.caption(_("The run ended before its checks."))
    names = check_names()
    for check in result.checks:
        st.markdown(f"{_mark(check)} {names[check.name]}{_measured(check)}")
    if result.base_sha256_before:
        before, after = result.base_sha256_before, result.base_sha256_after
        st.caption(
            _("Base weights, SHA-256 before: %(before)s, after: %(after)s")
            % {
                "before": as_code(f"{before[:HASH_DIGITS]}…"),
                "after": as_code(f"{after[:HASH_DIGITS]}…" if after else "–"),
            },
            help=f"{as_markdown(before)}  \n{as_markdown(after or '–')}",
        )


def _mark(check: Check) -> str:
    if check.passed is None:
        return ":gray[–]"
    return ":green[✓]" if check.passed else ":red[✗]"


def _measured(check: Check) -> str:
    if check.passed is None:
        return " " + _("Does not apply: %s") % as_markdown(check.why_not)
    if check.measured is None or not isfinite(check.measured):
        return ""
    if check.name == "rank":
        return " " + _("Highest rank: %s.") % loss_words(check.measured, 0)
    return " " + _("Largest difference of a logit: %s.") % f"{check.measured:.2g}"


def _sizes(result: Result) -> None:
    st.markdown(f"**{_('Parameters, files, time')}**")
    rows = []
    if result.trainable_parameters and result.total_parameters:
        share = percent(result.trainable_parameters / result.total_parameters)
        rows.append(
            (
                _("Trained parameters 🔥"),
                _("%(trained)s, %(share)s of the base's %(all)s")
                % {
                    "trained": grouped(result.trainable_parameters),
                    "share": share,
                    "all": grouped(result.total_parameters),
                },
            )
        )
    for words, count in (
        (_("Adapter file"), result.files.adapter),
        (_("Model file"), result.files.model),
        (_("Optimizer state"), result.files.optimizer),
    ):
        if count is not None:
            rows.append((words, f"{size(count)} ({grouped(count)}{THIN_SPACE}B)"))
    whole = _("Whole job")
    if result.resumed_from is not None:
        whole = _("Since it was resumed after step %s") % grouped(result.resumed_from)
    rows.append((whole, duration(result.ended - result.started)))
    if result.machine:
        machine = result.machine
        rows.append((_("Machine"), f"{machine.device}, {machine.precision}"))
    st.markdown("\n".join(f"- {name}: {as_markdown(value)}" for name, value in rows))


def _memory(result: Result) -> None:
    st.markdown(f"**{_('Peak memory: measured and simulated')}**")
    memory = result.memory
    if memory is None and result.steps:
        st.caption(_("Not measured: all steps were done before the run was resumed."))
        return
    if memory is None:
        st.caption(_("The run ended before its first step."))
        return
    st.markdown("\n".join(f"- {line}" for line in _memory_lines(memory)))
    if memory.peak_allocated is None:
        st.caption(
            _(
                "This run was on a CPU. Its resident set holds Python, the libraries, the data "
                "and what the allocator keeps, so it cannot be compared with the simulated "
                "figure, which is what a GPU would allocate."
            )
        )


def _memory_lines(memory: Memory) -> list[str]:
    lines = []
    if memory.peak_allocated is not None:
        lines.append(_("Measured, allocated by torch: **%s**") % size(memory.peak_allocated))
    if memory.simulated_peak_allocated is not None:
        line = _("Simulated, allocated: **%s**") % size(memory.simulated_peak_allocated)
        if memory.peak_allocated:
            change = memory.simulated_peak_allocated / memory.peak_allocated - 1
            line += f" ({change * 100:+.1f}{THIN_SPACE}%)"
        lines.append(line)
    if memory.peak_reserved is not None:
        lines.append(_("Measured, reserved by torch: %s") % size(memory.peak_reserved))
    lines.append(
        _("Resident set of the process: up to %(peak)s, %(start)s before the first step")
        % {"peak": size(memory.peak_resident), "start": size(memory.resident_at_start)}
    )
    return lines


def _samples(one: RecordedRun, samples: Sequence[Sample]) -> None:
    st.markdown(f"**{_('Sample answers, before and after')}**")
    if one.has_others_data:
        st.caption(_("They quote the data, which is another reader's."))
        return
    for sample in samples:
        st.markdown(f"{_('Prompt')}: *{as_markdown(sample.prompt)}*")
        columns = st.columns(3)
        for column, title, words in zip(
            columns,
            (_("before"), _("after"), _("in the data")),
            (sample.before, sample.after, sample.expected),
            strict=True,
        ):
            column.caption(title)
            column.code(as_block(words or "–"), language=None, wrap_lines=True)


def _downloads(one: RecordedRun) -> None:
    with st.container(horizontal=True):
        if _has_folder(one.run.adapter_folder) and not one.is_running:
            st.download_button(
                _("Adapter (zip)"),
                data=lambda: zipped_adapter(one),
                file_name=f"{one.run.name}-adapter.zip",
                mime="application/zip",
                on_click="ignore",
                key=f"adapter:{one.name}",
            )
        st.download_button(
            _("Metrics (CSV)"),
            data=lambda: metrics_csv(one.events),
            file_name=f"{one.run.name}-metrics.csv",
            mime="text/csv",
            on_click="ignore",
            key=f"metrics:{one.name}",
        )
        st.download_button(
            _("Settings (JSON)"),
            data=lambda: public_settings(one.open_settings).encode(),
            file_name=f"{one.name}-settings.json",
            mime="application/json",
            on_click="ignore",
            key=f"settings:{one.name}",
        )
    if _has_folder(one.run.model_folder):
        st.caption(_("The whole model is in the folder %s.") % as_code(one.run.model_folder))


def _has_folder(folder: Path) -> bool:
    return exists(folder) and folder_damage(folder.parent, folder.name) is None


def zipped_adapter(one: RecordedRun) -> bytes:
    """The folder of a run's adapter as a zip file, as this reader may have it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(one.run.adapter_folder.rglob("*")):
            if not file.is_file() or file.is_symlink():  # what a link leads to is not the run's
                continue
            name = file.relative_to(one.run.adapter_folder.parent)
            if file.name == CARD:
                archive.writestr(
                    str(name), one.open_words(file.read_text(encoding="utf-8", errors="replace"))
                )
            else:
                archive.write(file, name)
    return content.getvalue()
