"""The explainer's figures about the whole model's parameters and about ranks: sections 5 and 6."""

from __future__ import annotations

from lora_viz.costs.ranks import STATED_PER_BLOCK
from lora_viz.explainer.audit.facts import RANK
from lora_viz.explainer.audit.findings import Claim
from lora_viz.explainer.audit.layers import r_times_in_plus_out, share_of_the_weight, weight
from lora_viz.format import grouped, percent
from lora_viz.i18n import N_, Message

SECTION_5 = (
    Claim(
        "5",
        N_("c_attn, full fine-tuning: parameters"),
        1_769_472,
        "",
        lambda f: f.c_attn.in_features * f.c_attn.out_features,
        lambda f: Message(
            N_("The weight alone; the layer's %s biases are not counted."),
            grouped(f.c_attn.out_features),
        ),
    ),
    Claim(
        "5",
        N_("c_attn, LoRA: parameters"),
        24_576,
        "",
        lambda f: f.attention.modules[0].parameters(RANK),
        r_times_in_plus_out,
    ),
    Claim(
        "5",
        N_("c_attn, LoRA: share"),
        1.4,
        "%",
        lambda f: (
            100 * f.attention.modules[0].parameters(RANK) / f.attention.modules[0].base_weight
        ),
        share_of_the_weight,
        last_digit=0.1,
    ),
    Claim(
        "5",
        N_("c_proj, full fine-tuning: parameters"),
        589_824,
        "",
        weight,
        lambda f: Message(
            N_("The weight alone; the layer's %s biases are not counted."),
            grouped(f.c_proj.out_features),
        ),
    ),
    Claim(
        "5",
        N_("c_proj, LoRA: parameters"),
        12_288,
        "",
        lambda f: f.attention.modules[1].parameters(RANK),
        r_times_in_plus_out,
    ),
    Claim(
        "5",
        N_("c_proj, LoRA: share"),
        2.1,
        "%",
        lambda f: (
            100 * f.attention.modules[1].parameters(RANK) / f.attention.modules[1].base_weight
        ),
        share_of_the_weight,
        last_digit=0.1,
    ),
    Claim(
        "5",
        N_("Whole model: parameters"),
        124_439_808,
        "",
        lambda f: f.total,
        lambda _f: Message(
            N_("The input embedding and the output head are tied and counted once.")
        ),
    ),
    Claim(
        "5",
        N_("LoRA over 12 layers: parameters"),
        811_008,
        "",
        lambda f: f.attention_trainable,
        lambda f: Message(
            N_(
                "%(short)s is what PEFT gives for the name c_proj, which also matches the "
                "feed-forward's c_proj; the attention-only adapter of sections 4 and 6 has "
                "%(attention)s."
            ),
            short=grouped(f.short_trainable),
            attention=grouped(f.attention_trainable),
        ),
        judgement="contradicted",
    ),
    Claim(
        "5",
        N_("LoRA over 12 layers: share"),
        0.65,
        "%",
        lambda f: 100 * f.short_trainable / f.total,
        lambda f: Message(
            N_("Follows from 811,008; the attention-only adapter is %s."),
            percent(f.attention_trainable / f.total, 3),
        ),
        last_digit=0.01,
    ),
    Claim(
        "5",
        N_("Frozen parameters"),
        99.35,
        "%",
        lambda f: 100 * (1 - f.short_trainable / f.total),
        lambda f: Message(
            N_("PEFT divides by base and adapter together, %(all)s, and prints %(percent)s."),
            all=grouped(f.total + f.short_trainable),
            percent=percent(f.short_trainable / (f.total + f.short_trainable), 4),
        ),
        last_digit=0.01,
    ),
)

STARS = {1: "★", 4: "★★★", 8: "★★★★", 16: "★★★★★", 32: "★★★★★"}
GUIDANCE = {
    N_("Recommended rank for simple questions and answers"): "4-8",
    N_("Recommended rank for usual tasks"): "8-16",
    N_("Recommended rank for complex generation"): "16-32",
}


def _per_block_claim(rank: int, stated: int) -> Claim:
    return Claim(
        "6",
        {
            4: N_("r = 4: parameters per layer"),
            8: N_("r = 8: parameters per layer"),
            16: N_("r = 16: parameters per layer"),
            32: N_("r = 32: parameters per layer"),
        }[rank],
        stated,
        "",
        lambda f: f.per_block(f.attention, rank),
        lambda f: Message(
            N_("Attention only; together with the feed-forward's c_proj it is %s."),
            grouped(f.per_block(f.short_names, rank)),
        ),
    )


def _not_computed(words: str, stated: str) -> Claim:
    return Claim(
        "6",
        words,
        stated,
        "",
        lambda _f: None,
        lambda _f: Message(N_("A judgement: only a rank sweep on a real task measures it.")),
        judgement="qualitative",
    )


SECTION_6 = (
    *(_per_block_claim(rank, stated) for rank, stated in STATED_PER_BLOCK.items()),
    _not_computed(N_("Expressiveness at r = 1, 4, 8, 16, 32"), " · ".join(STARS.values())),
    *(_not_computed(words, stated) for words, stated in GUIDANCE.items()),
)


COUNT_CLAIMS = (*SECTION_5, *SECTION_6)
