"""What the memory page says in cards, formulas and sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import streamlit as st

from lora_viz.choices.losses import LOSSES
from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.explainer import quotes
from lora_viz.figures.wording.names import cards_name, method_name
from lora_viz.figures.wording.needs import needs_of, paged_sentence, parts_of, verdict_sentence
from lora_viz.figures.wording.pieces import bar_pieces, words_for
from lora_viz.figures.wording.sharding import about_sharding
from lora_viz.format import binary_size, grouped, percent, size
from lora_viz.i18n import _
from lora_viz.memory.report import CUDA_CONTEXT_BYTES, MemoryReport
from lora_viz.ui.kit import latex, page
from lora_viz.ui.kit.literal import as_html, as_markdown
from lora_viz.ui.kit.messages import show_warning
from lora_viz.ui.memory.answers import is_known, smaller_steps, step_of

Reports = Mapping[str, MemoryReport]
# what grows with the batch
OF_THE_BATCH = ("activations", "logits")


def key_number(report: MemoryReport, scenario: Scenario) -> None:
    """What the chosen method needs of the card, whether that fits, and its parts."""
    card = scenario.card
    values = {
        "method": method_name(scenario.method),
        "needs": needs_of(report, card.memory_bytes),
        "card": as_html(card.name),
        "verdict": verdict_sentence(report, card),
        "parts": parts_of(report),
        "cards": cards_name(scenario),
    }
    words = _("%(method)s needs %(needs)s on %(card)s. %(verdict)s The parts: %(parts)s.")
    number = size(report.needs.total)
    if scenario.world_size > 1:
        words = _(
            "%(method)s on %(cards)s needs %(needs)s on each %(card)s. %(verdict)s The parts: "
            "%(parts)s."
        )
        number = _("%s a card") % number
    words = words % values
    if report.paged:
        words += " " + paged_sentence(report)
    page.key_number(number, words)


def note_on_context(scenario: Scenario, context_length: int | None) -> None:
    """A warning where a sequence is longer than the model's context."""
    if context_length and scenario.seq_len > context_length:
        show_warning(
            _(
                "%(length)s tokens are more than the %(context)s that this model has positions "
                "for, or was made for. The step is simulated, but a real one may fail."
            )
            % {"length": grouped(scenario.seq_len), "context": grouped(context_length)}
        )


def findings(reports: Reports, scenario: Scenario) -> Iterator[str]:
    """What the three methods' numbers say when they are compared."""
    full, lora, qlora = (reports.get(method) for method in ("full", "lora", "qlora"))
    if full and lora:
        yield _lora_against_full(full, lora)
    if lora and qlora:
        yield _qlora_against_lora(lora, qlora, scenario)


def _lora_against_full(full: MemoryReport, lora: MemoryReport) -> str:
    change = 1 - lora.peak_allocated / full.peak_allocated
    weights, of_batch = lora.breakdown.get("weights", 0), _of_the_batch(lora)
    return _(
        "LoRA trains **%(trained)s** of the parameters; its peak is **%(change)s %(word)s** "
        "than full fine-tuning's. What stays: frozen weights, %(weights)s or "
        "%(share_of_weights)s of the peak, and activations and logits, %(bytes)s or %(share)s. "
        "Those grow with the batch, and hardly with the rank."
    ) % {
        "trained": percent(lora.trainable_parameters / full.trainable_parameters),
        "change": percent(abs(change), 1),
        "word": _("less") if change >= 0 else _("more"),
        "weights": size(weights),
        "share_of_weights": percent(weights / lora.peak_allocated, 0),
        "share": percent(of_batch / lora.peak_allocated, 0),
        "bytes": size(of_batch),
    }


def _of_the_batch(report: MemoryReport) -> int:
    return sum(report.breakdown.get(kind, 0) for kind in OF_THE_BATCH)


def _qlora_against_lora(lora: MemoryReport, qlora: MemoryReport, scenario: Scenario) -> str:
    more = qlora.peak_allocated - lora.peak_allocated
    changes = {
        kind: qlora.breakdown.get(kind, 0) - lora.breakdown.get(kind, 0)
        for kind in {**lora.breakdown, **qlora.breakdown}
    }
    values = {
        "bytes": size(abs(more)),
        "grows": _listed({kind: change for kind, change in changes.items() if change > 0}),
        "shrinks": _listed({kind: -change for kind, change in changes.items() if change < 0}),
    }
    if more == 0:
        return _("QLoRA needs as much as LoRA here: its weights are packed in both.")
    if more < 0:
        return (
            _("QLoRA needs **%(bytes)s less** than LoRA. Less: %(shrinks)s. More: %(grows)s.")
            % values
        )
    sentence = (
        _("QLoRA needs **%(bytes)s more** than LoRA here. More: %(grows)s. Less: %(shrinks)s.")
        % values
    )
    if scenario.base_dtype != "float32" and scenario.kbit_preparation != "none":
        sentence += " " + _(
            "Preparing for 4-bit training casts the unpacked weights to float32, and so "
            "everything computed from them."
        )
    if changes.get("weights", 0) > 0:
        sentence += " " + _(
            "Only linear layers are packed: weights of another form, such as all experts in one "
            "tensor, are not."
        )
    return sentence


def _listed(changes: Mapping[str, int]) -> str:
    """ "Activations 1.20 GB, Logits and loss 0.40 GB": the largest three first."""
    largest = sorted(changes.items(), key=lambda item: -item[1])[:3]
    words = [f"{words_for(kind, 'lora')} {size(change)}" for kind, change in largest]
    return ", ".join(words) or _("nothing")


def batches(report: MemoryReport) -> None:
    """What batches of the reader's own lengths take."""
    found = report.batches
    if found is None:
        return
    st.markdown(f"**{_('Batches of your lengths')}**")
    first, last = found.reserved_longest_first, found.reserved_shortest_first
    lines = (
        _("The longest batch decides: %s tokens a text.") % grouped(found.longest),
        _(
            "On average a batch is %(expected)s tokens long, and **%(padding)s** of all tokens are "
            "padding. Packing would leave that out."
        )
        % {"expected": grouped(round(found.expected)), "padding": percent(found.padding_share, 0)},
        _(
            "PyTorch's allocator takes %(first)s where the longest batch comes first, and %(last)s "
            "where batches grow."
        )
        % {"first": size(first), "last": size(last)},
    )
    st.markdown("\n".join(f"- {line}" for line in lines))


def next_steps(report: MemoryReport, scenario: Scenario) -> None:
    """What would help most, largest first: simulated on demand, shown at once where it is known."""
    st.markdown(f"**{_('What would help most next?')}**")
    steps = smaller_steps(scenario)
    if not all(is_known(changed) for changed in steps.values()):
        place = st.empty()
        with place.container():
            is_wanted = st.button(_("Simulate smaller steps"), key="simulate-smaller-steps")
            st.caption(_("Each one is simulated as a separate step."))
        if not is_wanted:
            return
        place.empty()
    saved: dict[str, int] = {}
    reasons = []
    for words, changed in steps.items():
        found = step_of(changed)
        if isinstance(found, UserError):
            reasons.append(f"{words}: {found}")
        else:
            saved[words] = report.needs.total - found.needs.total
    largest_first = sorted(saved.items(), key=lambda item: -item[1])
    st.markdown(
        "\n".join(f"- {as_markdown(words)}: {_change(count)}" for words, count in largest_first)
    )
    for reason in reasons:
        st.caption(as_markdown(reason))


def _change(saved: int) -> str:
    return f"**{'−' if saved >= 0 else '+'}{size(abs(saved))}**"


def quotation(reports: Reports, scenario: Scenario) -> str:
    """Why the explainer's sums are others, part by part."""
    words = _("Outlined: quoted from the explainer for GPT-2 small, %(full)s and %(lora)s.") % {
        "full": quotes.FULL_PEAK.words,
        "lora": quotes.LORA_PEAK.words,
    }
    full, lora = reports.get("full"), reports.get("lora")
    if not full or not lora:
        return words
    weights_and_state = full.breakdown.get("weights", 0) + full.breakdown.get("optimizer", 0)
    quoted = _(
        "The explainer: weights %(weights)s, optimizer state %(state)s, gradients %(gradients)s, "
        "activations %(activations)s by either method (assumed)."
    ) % {
        "weights": quotes.FULL_WEIGHTS.words,
        "state": quotes.FULL_ADAM.words,
        "gradients": quotes.FULL_GRADIENTS.words,
        "activations": quotes.ACTIVATIONS.words,
    }
    here = _(
        "This step, %(batch)s × %(length)s tokens: weights and optimizer state %(state)s, "
        "gradients at the peak %(gradients)s, activations and logits %(full)s (full "
        "fine-tuning) and %(lora)s (LoRA)."
    ) % {
        "state": size(weights_and_state),
        "gradients": size(full.breakdown.get("gradients", 0)),
        "batch": grouped(scenario.batch_size),
        "length": grouped(scenario.seq_len),
        "full": size(_of_the_batch(full)),
        "lora": size(_of_the_batch(lora)),
    }
    return "  \n".join((words, quoted, here))


def formula(reports: Reports) -> None:
    """What each method needs as the sum of its parts."""
    lines = []
    for method, report in reports.items():
        terms = " + ".join(
            latex.coloured(piece.meaning, rf"\text{{{size(piece.bytes)}}}")
            for piece in bar_pieces(report, method)
        )
        lines.append(rf"\text{{{method_name(method)}}}: {terms} = {_text(report.needs.total)}")
    latex.lines(*lines)
    st.caption(_("The parts are in the order of the bars, from the bottom, and in their colours."))


def _text(count: int) -> str:
    return rf"\text{{{size(count)}}}"


def why(reports: Reports, scenario: Scenario) -> None:
    """What a presenter can say, with the current numbers."""
    points = list(findings(reports, scenario))
    points.append(
        _(
            "The forward pass builds up activations, and the backward pass frees them again. "
            "The peak is where logits and their gradient lie on top of them all. In a large "
            "model it can be where gradients and the optimizer's copies do."
        )
    )
    points.append(
        _(
            "A rank changes adapter, gradients and optimizer state. Batch and sequence length "
            "change the rest: look there first when a step does not fit."
        )
    )
    st.markdown("\n".join(f"- {point}" for point in points))


def _of_lengths(report: MemoryReport, scenario: Scenario) -> str:
    """How long the sequences of the step are taken to be."""
    if report.batches is not None:
        return _(
            "Your lengths: the step is over a batch as long as the longest of them. Padding is "
            "what batches of texts that are drawn at random have on average."
        )
    if scenario.packing != "none":
        return _(
            "Assumed: packed sequences fill all rows; their attention is counted as for full ones."
        )
    return _("Assumed: every sequence has the full length; no padding tokens are dropped.")


def _of_loss(scenario: Scenario) -> Iterator[str]:
    """What stands in for the kernels of a loss that never holds all logits."""
    if scenario.loss != "full":
        words = _("The loss of %s: what its code allocates and frees is followed line by line.")
        yield words % LOSSES[scenario.loss].library


def sources(report: MemoryReport, scenario: Scenario) -> None:
    """What the figures rest on, and what is assumed."""
    versions = ", ".join(f"{library} {version}" for library, version in report.software.items())
    for source in (
        _(
            "Simulated: transformers, PEFT and torch run the step themselves over tensors "
            "without data. What they allocate is then replayed by the rules of PyTorch's CUDA "
            "allocator. Versions: %s."
        )
        % as_markdown(versions),
        _("Simulated blocks: %(simulated)s of %(all)s; the others are like their neighbours.")
        % {"simulated": report.blocks_simulated, "all": report.blocks},
        _("Assumed: the CUDA context with its loaded kernels takes %s; 300 to 600 MiB are usual.")
        % binary_size(CUDA_CONTEXT_BYTES),
        _of_lengths(report, scenario),
        *_of_loss(scenario),
        _(
            "Assumed: a plain training loop keeps the model's outputs, logits among them, during "
            "the backward pass; Trainer frees them."
        ),
        *about_sharding(),
        _("Reserved, at least: with expandable segments. At most: the default allocator."),
        _(
            "QLoRA: half a byte a packed value and a float32 constant for each 64 values, unless "
            "they are quantized too: Dettmers et al. 2023, "
            "[arXiv:2305.14314](https://arxiv.org/abs/2305.14314)"
        ),
    ):
        st.markdown(f"- {source}")
