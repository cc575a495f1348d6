"""Questions about a training step: what it takes of a card, and how much it goes through."""

from __future__ import annotations

from math import ceil

from lora_viz.dtypes import BYTES_PER_VALUE
from lora_viz.format import grouped, size
from lora_viz.i18n import N_, Message
from lora_viz.machine.cards import Card, cards
from lora_viz.memory.fit import verdict
from lora_viz.memory.report import MemoryReport
from lora_viz.memory.settings import capability_class
from lora_viz.quiz import mistakes
from lora_viz.quiz.asking import to_choose, to_drag
from lora_viz.quiz.facts import KnownFacts
from lora_viz.quiz.prediction import Prediction

OF_TRAINING = ("adapter", "modules_to_save", "gradients", "optimizer")
# what a step's memory is called, as on the Memory page
KIND_NAMES = {
    "weights": N_("Frozen weights"),
    "quantization": N_("Quantization constants"),
    "adapter": N_("Adapter (A and B)"),
    "modules_to_save": N_("Modules trained in full"),
    "optimizer": N_("Optimizer state"),
    "workspaces": N_("Workspaces"),
    "exchange": N_("Gathered from and sent to other cards"),
    "gradients": N_("Gradients"),
    "activations": N_("Activations"),
    "logits": N_("Logits and loss"),
    "temporaries": N_("Temporaries"),
}
MORE_BATCHES = 4
A_MILLION = 1_000_000


def trained_at_peak(facts: KnownFacts) -> Prediction | None:
    """How much of a step's peak is what LoRA trains, with gradients and moments."""
    report = _step_with_adapter(facts)
    if report is None:
        return None
    trained = sum(report.breakdown.get(kind, 0) for kind in OF_TRAINING)
    return to_drag(
        "trained-at-peak",
        Message(
            N_(
                "The bar is what a step with an adapter allocates at its peak, %(peak)s. How much "
                "of it are A and B, gradients and the optimizer's state?"
            ),
            peak=size(report.peak_allocated),
        ),
        "bytes",
        trained,
        report.peak_allocated,
        Message(
            N_(
                "%(trained)s. The rest, %(rest)s, are frozen weights, activations, logits and what "
                "comes and goes: a lower rank does not make them smaller."
            ),
            trained=size(trained),
            rest=size(report.peak_allocated - trained),
        ),
    )


def largest_at_peak(facts: KnownFacts) -> Prediction | None:
    """Which kind of memory is the largest at a step's peak."""
    report = _step_with_adapter(facts)
    if report is None:
        return None
    kinds = sorted(KIND_NAMES, key=lambda kind: -report.breakdown.get(kind, 0))
    (largest, *others) = [kind for kind in kinds if report.breakdown.get(kind, 0)]
    return to_choose(
        "largest-at-peak",
        Message(
            N_(
                "A step with an adapter is at its peak, with %(batch)s × %(length)s tokens. What "
                "takes the most of the card?"
            ),
            batch=grouped(facts.scenario.batch_size),
            length=grouped(facts.scenario.seq_len),
        ),
        "words",
        Message(KIND_NAMES[largest]),
        tuple(
            (
                Message(KIND_NAMES[kind]),
                Message(N_("That takes %s at the peak."), size(report.breakdown[kind])),
            )
            for kind in others
        ),
        Message(
            N_("%(kind)s: %(bytes)s of %(peak)s."),
            kind=Message(KIND_NAMES[largest]),
            bytes=size(report.breakdown[largest]),
            peak=size(report.peak_allocated),
        ),
    )


def needed_of_card(facts: KnownFacts) -> Prediction | None:
    """What `nvidia-smi` would show while a step runs."""
    report = facts.steps.get(facts.scenario.method)
    if report is None:
        return None
    needs = report.needs
    return to_choose(
        "needed-of-card",
        Message(
            N_(
                "The tensors of your step take %(peak)s at its peak. How much would nvidia-smi "
                "show at most?"
            ),
            peak=size(needs.allocated),
        ),
        "bytes",
        needs.total,
        (
            (
                needs.allocated,
                Message(N_("That leaves out the CUDA context and what the allocator reserves.")),
            ),
            (
                needs.allocated + needs.context,
                Message(N_("That leaves out what the allocator reserves and does not use.")),
            ),
            (
                needs.allocated + needs.reserved_beyond,
                Message(N_("That leaves out the CUDA context.")),
            ),
        ),
        Message(
            N_(
                "%(peak)s of tensors, %(reserved)s that PyTorch's allocator reserves on top, and "
                "%(context)s for the CUDA context, which is assumed."
            ),
            peak=size(needs.allocated),
            reserved=size(needs.reserved_beyond),
            context=size(needs.context),
        ),
    )


def smallest_card(facts: KnownFacts) -> Prediction | None:
    """The least memory of a card in the table on which the step fits."""
    needs = {
        card.memory_bytes: facts.card_steps[capability_class(card.compute_capability)].needs.total
        for card in cards().values()
        if _fits(facts, card)
    }
    if not needs:
        return None
    right = min(needs)
    sizes = sorted({card.memory_bytes for card in cards().values()})
    place = sizes.index(right)
    return to_choose(
        "smallest-card",
        Message(
            N_(
                "The table has cards from %(least)s to %(most)s. What is the smallest of these "
                "sizes on which your step fits?"
            ),
            least=size(sizes[0]),
            most=size(sizes[-1]),
        ),
        "bytes",
        right,
        (
            *(
                (
                    smaller,
                    Message(
                        N_("The step needs more, %s on the card that fits."), size(needs[right])
                    ),
                )
                for smaller in reversed(sizes[max(0, place - 2) : place])
            ),
            *(
                (larger, Message(N_("It fits there, and on a smaller card too.")))
                for larger in sorted(needs)[1:3]
            ),
        ),
        Message(
            N_(
                "The step needs %(needs)s there: tensors, what the allocator reserves, and context."
            ),
            needs=size(needs[right]),
        ),
    )


def tokens_of_step(facts: KnownFacts) -> Prediction | None:
    """How many tokens one optimizer step goes through with more accumulation."""
    scenario = facts.scenario
    more = MORE_BATCHES * scenario.gradient_accumulation
    one = scenario.batch_size * scenario.seq_len
    return to_choose(
        "tokens-of-step",
        Message(
            N_(
                "Batches of %(batch)s × %(length)s tokens, and the gradients of %(more)s batches "
                "are added up. How many tokens does one step of the optimizer learn from?"
            ),
            batch=grouped(scenario.batch_size),
            length=grouped(scenario.seq_len),
            more=grouped(more),
        ),
        "number",
        one * more,
        (
            (one, Message(N_("That is one batch. The optimizer waits for %s."), grouped(more))),
            (one / more, Message(N_("Accumulation adds batches up. It does not split them."))),
            (
                scenario.batch_size * more,
                Message(N_("Those are sequences. Each has %s tokens."), grouped(scenario.seq_len)),
            ),
        ),
        Message(
            N_(
                "%(batch)s × %(length)s × %(more)s. Memory holds one batch at a time, so a step "
                "takes longer and hardly more memory."
            ),
            batch=grouped(scenario.batch_size),
            length=grouped(scenario.seq_len),
            more=grouped(more),
        ),
    )


def steps_for_tokens(facts: KnownFacts) -> Prediction | None:
    """How many optimizer steps a million tokens take."""
    scenario = facts.scenario
    one = scenario.batch_size * scenario.seq_len
    all_at_once = one * scenario.gradient_accumulation
    right = ceil(A_MILLION / all_at_once)
    return to_choose(
        "steps-for-tokens",
        Message(
            N_(
                "You train once over 1,000,000 tokens, in batches of %(batch)s × %(length)s and "
                "with accumulation over %(more)s. How many optimizer steps is that?"
            ),
            batch=grouped(scenario.batch_size),
            length=grouped(scenario.seq_len),
            more=grouped(scenario.gradient_accumulation),
        ),
        "number",
        right,
        (
            (
                ceil(A_MILLION / one),
                Message(N_("That is a step for each batch, without the accumulation.")),
            ),
            (
                ceil(A_MILLION / scenario.seq_len),
                Message(N_("That is a step for each sequence. A batch holds several.")),
            ),
            (
                ceil(A_MILLION / scenario.batch_size),
                Message(N_("That counts sequences as if they were tokens.")),
            ),
            (2 * right, Message(N_("The forward and the backward pass are one step together."))),
        ),
        Message(
            N_("One step goes through %(tokens)s tokens, so %(right)s steps take all of them."),
            tokens=grouped(all_at_once),
            right=grouped(right),
        ),
    )


def weights_in_other_dtype(facts: KnownFacts) -> Prediction | None:
    """What the base model's weights take in another number format."""
    if facts.architecture is None:
        return None
    now = facts.scenario.base_dtype
    other = "bfloat16" if now == "float32" else "float32"
    values = facts.architecture.total_parameters
    right = values * BYTES_PER_VALUE[other]
    return to_choose(
        "weights-in-other-dtype",
        Message(
            N_(
                "The base model has %(values)s parameters. How many bytes do they take in "
                "%(other)s, in place of %(now)s?"
            ),
            values=grouped(values),
            other=other,
            now=now,
        ),
        "bytes",
        right,
        (
            (values * BYTES_PER_VALUE[now], mistakes.AS_BEFORE),
            (values, mistakes.ONE_BYTE),
            (mistakes.binary_for_decimal(right), mistakes.BINARY_UNITS_SAID_DECIMAL),
        ),
        Message(
            N_("%(values)s × %(width)s bytes. The number of parameters stays."),
            values=grouped(values),
            width=BYTES_PER_VALUE[other],
        ),
    )


def _fits(facts: KnownFacts, card: Card) -> bool:
    """Whether the step is known on a card and fits it."""
    report = facts.card_steps.get(capability_class(card.compute_capability))
    return report is not None and verdict(report, card.memory_bytes) == "fits"


def _step_with_adapter(facts: KnownFacts) -> MemoryReport | None:
    """The step of the scenario's method, or LoRA's where that trains no adapter."""
    scenario = facts.scenario
    return facts.steps.get(scenario.method if scenario.trains_adapter else "lora")
