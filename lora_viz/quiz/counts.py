"""Questions about what is counted of a whole model and its adapter."""

from __future__ import annotations

from math import sqrt

from lora_viz.adapter.counts import count_blocks
from lora_viz.format import grouped, percent
from lora_viz.i18n import N_, Message
from lora_viz.quiz import mistakes
from lora_viz.quiz.asking import to_choose, to_drag
from lora_viz.quiz.facts import KnownFacts
from lora_viz.quiz.one_layer import other_rank
from lora_viz.quiz.prediction import Prediction

MUCH_HIGHER = 8
APART = 16  # of two ranks
HIGHEST = 1024


def share_of_model(facts: KnownFacts) -> Prediction | None:
    """How much of the model is trained at a much higher rank."""
    if facts.layout is None:
        return None
    rank = min(MUCH_HIGHER * facts.scenario.rank, HIGHEST)
    trained, total = facts.layout.trainable_parameters(rank), facts.layout.total_parameters
    return to_drag(
        "share-of-model",
        Message(
            N_(
                "The bar is the whole model, %(total)s parameters. How much of it would be trained "
                "at r = %(rank)s?"
            ),
            total=grouped(total),
            rank=grouped(rank),
        ),
        "number",
        trained,
        total,
        Message(
            N_("At r = %(rank)s the adapter trains %(trained)s parameters, %(share)s of the bar."),
            rank=grouped(rank),
            trained=grouped(trained),
            share=percent(trained / total),
        ),
    )


def base_of_all(facts: KnownFacts) -> Prediction | None:
    """How much of what PEFT calls all parameters is the base model."""
    if facts.layout is None:
        return None
    base, rank = facts.layout.total_parameters, min(MUCH_HIGHER * facts.scenario.rank, HIGHEST)
    added = facts.layout.added_parameters(rank)
    return to_drag(
        "base-of-all",
        Message(
            N_(
                "At r = %(rank)s PEFT prints “all params: %(all)s”. The bar is that number. How "
                "much of it is the base model?"
            ),
            rank=grouped(rank),
            all=grouped(base + added),
        ),
        "number",
        base,
        base + added,
        Message(
            N_(
                "The base model has %(base)s. PEFT counts what the adapter adds too, %(added)s, "
                "and prints the trained share of both together."
            ),
            base=grouped(base),
            added=grouped(added),
        ),
    )


def tensors_in_file(facts: KnownFacts) -> Prediction | None:
    """How many tensors the adapter's file holds."""
    if facts.layout is None or facts.architecture is None:
        return None
    saved = sum(tensor.saved for tensor in facts.layout.tensors)
    adapted = len(facts.layout.modules)
    return to_choose(
        "tensors-in-file",
        Message(
            N_(
                "Your targets match layers in a model of %(blocks)s blocks, %(adapted)s layers in "
                "all. How many tensors does the adapter's file hold?"
            ),
            blocks=grouped(len(facts.architecture.blocks)),
            adapted=grouped(adapted),
        ),
        "number",
        saved,
        (
            (adapted, mistakes.ONE_MATRIX),
            (
                2 * len(facts.architecture.blocks),
                Message(N_("That is one A and one B for each block, not for each layer.")),
            ),
            (
                2 * len(facts.architecture.linear_layers()),
                Message(N_("That is an A and a B for each linear layer, matched or not.")),
            ),
        ),
        Message(
            N_(
                "Each of the %(adapted)s layers has an A and a B, %(both)s tensors. Biases, "
                "magnitudes and heads come on top where they are trained: %(saved)s in all."
            ),
            adapted=grouped(adapted),
            both=grouped(2 * adapted),
            saved=grouped(saved),
        ),
    )


def share_of_block(facts: KnownFacts) -> Prediction | None:
    """How much of a block an adapter of a higher rank would be."""
    if facts.layout is None or facts.architecture is None:
        return None
    rank = min(MUCH_HIGHER * facts.scenario.rank, HIGHEST)
    blocks = count_blocks(facts.architecture, facts.layout, rank)
    if not blocks:
        return None
    block = blocks[0]
    return to_drag(
        "share-of-block",
        Message(
            N_(
                "The bar is block %(block)s, %(total)s parameters. How long is what would be "
                "trained there at r = %(rank)s?"
            ),
            block=block.name,
            total=grouped(block.count.full),
            rank=grouped(rank),
        ),
        "number",
        block.count.trainable,
        block.count.full,
        Message(
            N_(
                "%(trained)s parameters, %(share)s of what the block has. The layers that no "
                "target matches get nothing."
            ),
            trained=grouped(block.count.trainable),
            share=percent(block.count.share),
        ),
    )


def trained_at_other_rank(facts: KnownFacts) -> Prediction | None:
    """How many parameters are trained at twice the rank."""
    if facts.layout is None:
        return None
    rank, other = facts.scenario.rank, other_rank(facts.scenario.rank)
    if rank == other:
        return None
    now, right = (facts.layout.trainable_parameters(r) for r in (rank, other))
    times = other / rank
    return to_choose(
        "trained-at-other-rank",
        Message(
            N_(
                "At r = %(rank)s the adapter trains %(now)s parameters. How many does it train at "
                "r = %(other)s?"
            ),
            rank=grouped(rank),
            now=grouped(now),
            other=grouped(other),
        ),
        "number",
        right,
        (
            (now * times**2, mistakes.GROWS_TWICE),
            (now * (1 + times) / 2, mistakes.ONE_GROWS),
            (now, mistakes.AS_BEFORE),
        ),
        Message(
            N_(
                "A has r rows and B has r columns, so both follow the rank: %(right)s. Biases, "
                "magnitudes and heads, where they are trained, stay."
            ),
            right=grouped(right),
        ),
    )


def part_of_a(facts: KnownFacts) -> Prediction | None:
    """How much of the adapter lies in A."""
    if facts.layout is None:
        return None
    parts = facts.layout.trainable_by_role(facts.scenario.rank)
    a, b = parts.get("A", 0), parts.get("B", 0)
    return to_drag(
        "part-of-a",
        Message(
            N_(
                "The bar is A and B of all adapted layers at r = %(rank)s, %(both)s values. How "
                "much of it is A?"
            ),
            rank=grouped(facts.scenario.rank),
            both=grouped(a + b),
        ),
        "number",
        a,
        a + b,
        Message(
            N_(
                "A has r values for each input of a layer, B for each output: %(a)s and %(b)s. The "
                "longer side has the larger matrix."
            ),
            a=grouped(a),
            b=grouped(b),
        ),
    )


def times_of_rank(facts: KnownFacts) -> Prediction | None:
    """How many times the parameters of a rank those of a much higher one are."""
    if facts.layout is None:
        return None
    low = facts.scenario.rank
    low, high = (low, APART * low) if APART * low <= HIGHEST else (low // APART, low)
    counts = [facts.layout.trainable_parameters(rank) for rank in (low, high)]
    times = high / low
    return to_choose(
        "times-of-rank",
        Message(
            N_(
                "The adapter is made once with r = %(low)s and once with r = %(high)s. How many "
                "times as many parameters does the second train?"
            ),
            low=grouped(low),
            high=grouped(high),
        ),
        "times",
        counts[1] / counts[0],
        (
            (times**2, mistakes.GROWS_TWICE),
            (
                sqrt(times),
                Message(N_("That is the root, which rsLoRA takes for the factor, not the size.")),
            ),
            ((1 + times) / 2, mistakes.ONE_GROWS),
        ),
        Message(
            N_(
                "Every extra rank costs the same: %(low)s parameters become %(high)s. Only biases, "
                "magnitudes and heads, where they are trained, do not grow."
            ),
            low=grouped(counts[0]),
            high=grouped(counts[1]),
        ),
    )


def rank_of_whole_adapter(facts: KnownFacts) -> Prediction | None:
    """The rank from which on an adapter of the whole model saves nothing."""
    if facts.layout is None or not facts.layout.modules:
        return None
    weights = sum(module.base_weight for module in facts.layout.modules)
    parts = facts.layout.trainable_by_role(1)
    a, b = parts.get("A", 0), parts.get("B", 0)
    if not a or not b:
        return None
    right = weights / (a + b)
    return to_choose(
        "rank-of-whole-adapter",
        Message(
            N_(
                "Your targets match weights of %(weights)s values in all. At about which rank do "
                "A and B together hold as many?"
            ),
            weights=grouped(weights),
        ),
        "number",
        right,
        (
            (weights / b, mistakes.ONE_MATRIX),
            (weights / a, mistakes.ONE_MATRIX),
            (right / 2, mistakes.COUNTED_TWICE),
        ),
        Message(
            N_(
                "Each rank adds %(a)s values to A and %(b)s to B, so that they are as large as the "
                "weights at r = %(right)s."
            ),
            a=grouped(a),
            b=grouped(b),
            right=grouped(round(right)),
        ),
    )
