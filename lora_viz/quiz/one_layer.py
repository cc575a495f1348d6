"""Questions about one layer: its A and B, what training keeps of it, and what it computes."""

from __future__ import annotations

from lora_viz.adapter.layout import break_even_rank, lora_parameters, scaling
from lora_viz.choices.optimizers import OPTIMIZERS
from lora_viz.costs.one_layer import full_state, lora_state
from lora_viz.format import grouped, size
from lora_viz.i18n import N_, Message
from lora_viz.quiz import mistakes
from lora_viz.quiz.asking import to_choose, to_drag
from lora_viz.quiz.facts import KnownFacts
from lora_viz.quiz.prediction import Prediction


def other_rank(rank: int) -> int:
    """Twice the rank; half of it where twice is more than a scenario may have."""
    return 2 * rank if 2 * rank <= 1024 else rank // 2


def values_of_layer(facts: KnownFacts) -> Prediction | None:
    """How many values A and B of a layer hold at another rank."""
    if facts.layer is None:
        return None
    inside, outside = facts.layer.in_features, facts.layer.out_features
    rank = other_rank(facts.scenario.rank)
    right = lora_parameters(inside, outside, rank)
    return to_choose(
        "values-of-layer",
        Message(
            N_(
                "%(layer)s turns %(in)s values into %(out)s. How many values do its A and B hold "
                "together at r = %(rank)s?"
            ),
            layer=facts.layer.name,
            rank=grouped(rank),
            **_sides(inside, outside),
        ),
        "number",
        right,
        (
            (rank * inside, mistakes.ONE_MATRIX),
            (inside * outside, mistakes.FROZEN_WEIGHT),
            (
                lora_parameters(inside, outside, facts.scenario.rank),
                mistakes.WITH_THIS_RANK,
            ),
        ),
        Message(
            N_(
                "A is r × %(in)s and B is %(out)s × r: together r · (%(in)s + %(out)s) = %(right)s."
            ),
            right=grouped(right),
            **_sides(inside, outside),
        ),
    )


def kept_of_layer(facts: KnownFacts) -> Prediction | None:
    """What LoRA keeps of a layer, W counted where the page leaves it out, and the reverse."""
    if facts.layer is None:
        return None
    scenario = facts.scenario
    inside, outside = facts.layer.in_features, facts.layer.out_features
    full = full_state(inside, outside, scenario.base_dtype, scenario.optimizer)
    lora = lora_state(
        inside,
        outside,
        scenario.rank,
        base_dtype=scenario.base_dtype,
        adapter_dtype=scenario.adapter_dtype,
        optimizer=scenario.optimizer,
        dora=scenario.dora,
    )
    counts = not facts.counts_frozen
    text = (
        N_(
            "The bar is what full fine-tuning keeps of %(layer)s: W, its gradient and its moments, "
            "%(full)s. How much does LoRA keep at r = %(rank)s, with the frozen W?"
        )
        if counts
        else N_(
            "The bar is what full fine-tuning keeps of %(layer)s: W, its gradient and its moments, "
            "%(full)s. How much does LoRA keep at r = %(rank)s, without the frozen W?"
        )
    )
    return to_drag(
        "kept-of-layer",
        Message(
            text,
            layer=facts.layer.name,
            full=size(full.total(True)),
            rank=grouped(scenario.rank),
        ),
        "bytes",
        lora.total(counts),
        full.total(True),
        Message(
            N_(
                "A and B with their gradients and moments take %(trained)s. The frozen W takes "
                "%(frozen)s and needs neither gradient nor moments."
            ),
            trained=size(lora.trained_bytes),
            frozen=size(lora.frozen_bytes),
        ),
    )


def without_moments(facts: KnownFacts) -> Prediction | None:
    """What full fine-tuning keeps of a layer with SGD; with AdamW where SGD is chosen."""
    if facts.layer is None:
        return None
    has_moments = bool(OPTIMIZERS[facts.scenario.optimizer].moments)
    sides = facts.layer.in_features, facts.layer.out_features
    now, other = (
        full_state(*sides, facts.scenario.base_dtype, name)
        for name in (facts.scenario.optimizer, "sgd" if has_moments else "adamw")
    )
    text = (
        N_("How much would full fine-tuning keep of %(layer)s with plain SGD in place of AdamW?")
        if has_moments
        else N_("How much would full fine-tuning keep of %(layer)s with AdamW in place of SGD?")
    )
    one_more = other.weight_bytes
    return to_choose(
        "without-moments",
        Message(text, layer=facts.layer.name),
        "bytes",
        other.total(True),
        (
            (now.total(True), mistakes.AS_BEFORE),
            (
                other.weight_bytes,
                Message(N_("That is W alone. Each trained value has a gradient too.")),
            ),
            (
                3 * one_more,
                Message(N_("That is one moment. AdamW keeps two for each value, SGD none.")),
            ),
        ),
        Message(
            N_(
                "W and its gradient take %(one)s each. AdamW adds two moments of the same size, "
                "plain SGD none."
            ),
            one=size(other.weight_bytes),
        ),
    )


def as_large_as_the_weight(facts: KnownFacts) -> Prediction | None:
    """The rank at which A and B hold as many values as W."""
    if facts.layer is None:
        return None
    inside, outside = facts.layer.in_features, facts.layer.out_features
    right = break_even_rank(inside, outside)
    return to_choose(
        "as-large-as-the-weight",
        Message(
            N_(
                "%(layer)s has %(weight)s values in W. From about which rank on do A and B hold "
                "as many?"
            ),
            layer=facts.layer.name,
            weight=grouped(inside * outside),
        ),
        "number",
        right,
        (
            (
                min(inside, outside),
                Message(N_("That is the highest rank that W can have. A and B are larger there.")),
            ),
            (right / 2, mistakes.COUNTED_TWICE),
            (max(inside, outside), mistakes.ONE_MATRIX),
        ),
        Message(
            N_(
                "Each rank adds %(in)s + %(out)s values, and %(in)s × %(out)s divided by that is "
                "%(right)s. LoRA saves below it."
            ),
            right=grouped(round(right)),
            **_sides(inside, outside),
        ),
    )


def highest_rank(facts: KnownFacts) -> Prediction | None:
    """The highest rank that ΔW can have."""
    if facts.layer is None:
        return None
    inside, outside = facts.layer.in_features, facts.layer.out_features
    rank = facts.scenario.rank
    return to_choose(
        "highest-rank",
        Message(
            N_(
                "B × A is %(out)s × %(in)s at r = %(rank)s and alpha = %(alpha)s. What is the "
                "highest rank that it can have?"
            ),
            rank=grouped(rank),
            alpha=grouped(facts.scenario.alpha),
            **_sides(inside, outside),
        ),
        "number",
        min(rank, inside, outside),
        (
            (
                2 * rank,
                Message(
                    N_(
                        "That adds the ranks of A and B. A product has at most the smaller rank "
                        "of its factors."
                    )
                ),
            ),
            (
                min(inside, outside),
                Message(N_("A ΔW of full fine-tuning can have that rank, B × A cannot.")),
            ),
            (facts.scenario.alpha, mistakes.ALPHA_SCALES),
        ),
        Message(
            N_("Everything that B × A adds passes through r values, so its rank is at most r.")
        ),
    )


def doubled_alpha(facts: KnownFacts) -> Prediction | None:
    """The factor on B × A with twice the alpha."""
    rank, alpha, rslora = facts.scenario.rank, facts.scenario.alpha, facts.scenario.rslora
    now, right = scaling(rank, alpha, rslora), scaling(rank, 2 * alpha, rslora)
    return to_choose(
        "doubled-alpha",
        Message(
            N_(
                "Alpha goes from %(alpha)s to %(doubled)s, r stays %(rank)s. Which factor is B × A "
                "multiplied by then?"
            ),
            alpha=grouped(alpha),
            doubled=grouped(2 * alpha),
            rank=grouped(rank),
        ),
        "factor",
        right,
        (
            (now, mistakes.AS_BEFORE),
            (
                1 / right,
                mistakes.UPSIDE_DOWN,
            ),
            (
                scaling(rank, 2 * alpha, not rslora),
                mistakes.OTHER_RULE,
            ),
        ),
        Message(
            N_("The factor is alpha/√r with rsLoRA: twice the alpha is twice the factor.")
            if rslora
            else N_("The factor is alpha/r: twice the alpha is twice the factor.")
        ),
    )


def other_scaling(facts: KnownFacts) -> Prediction | None:
    """The factor on B × A by the other of the two rules."""
    rank, alpha, rslora = facts.scenario.rank, facts.scenario.alpha, facts.scenario.rslora
    right = scaling(rank, alpha, not rslora)
    text = (
        N_("Alpha is %(alpha)s and r is %(rank)s. Which factor does plain LoRA scale B × A by?")
        if rslora
        else N_("Alpha is %(alpha)s and r is %(rank)s. Which factor does rsLoRA scale B × A by?")
    )
    return to_choose(
        "other-scaling",
        Message(text, alpha=grouped(alpha), rank=grouped(rank)),
        "factor",
        right,
        (
            (scaling(rank, alpha, rslora), mistakes.OTHER_RULE),
            (1 / right, mistakes.UPSIDE_DOWN),
            (alpha, Message(N_("That is alpha itself. It is divided."))),
        ),
        Message(
            N_("LoRA divides alpha by r, rsLoRA by the root of r. Here that is %s."),
            f"{right:.4g}",
        ),
    )


def values_in_between(facts: KnownFacts) -> Prediction | None:
    """How many values of one token lie between A and B."""
    if facts.layer is None:
        return None
    inside, outside = facts.layer.in_features, facts.layer.out_features
    rank = facts.scenario.rank
    return to_choose(
        "values-in-between",
        Message(
            N_(
                "One token comes to %(layer)s as %(in)s values. How many values does A make of "
                "them at r = %(rank)s?"
            ),
            layer=facts.layer.name,
            rank=grouped(rank),
            **_sides(inside, outside),
        ),
        "number",
        rank,
        (
            (outside, Message(N_("That is what B makes of them afterwards."))),
            (rank * inside, Message(N_("That is how many values A itself holds."))),
            (inside, Message(N_("That is what comes in."))),
        ),
        Message(
            N_("A has r rows, one for each value that it gives. B makes %(out)s of them again."),
            **_sides(inside, outside),
        ),
    )


def after_merging(facts: KnownFacts) -> Prediction | None:
    """How much larger a layer is once B × A is merged into W."""
    if facts.layer is None:
        return None
    inside, outside = facts.layer.in_features, facts.layer.out_features
    return to_choose(
        "after-merging",
        Message(
            N_(
                "B × A is merged into W of %(layer)s. How many more values does the layer hold "
                "then than before LoRA?"
            ),
            layer=facts.layer.name,
        ),
        "number",
        0,
        (
            (
                lora_parameters(inside, outside, facts.scenario.rank),
                Message(N_("That is A and B, which are no longer needed once they are merged.")),
            ),
            (
                inside * outside,
                Message(N_("B × A has that many values, but the sum takes the place of W.")),
            ),
        ),
        Message(
            N_(
                "B × A has the shape of W, %(out)s × %(in)s. The sum takes its place, so that the "
                "merged layer costs no more than the old one."
            ),
            **_sides(inside, outside),
        ),
    )


def _sides(inside: int, outside: int) -> dict[str, str]:
    return {"in": grouped(inside), "out": grouped(outside)}
