"""The explainer's figures about the whole model's parameters and about ranks: sections 5 and 6."""

from __future__ import annotations

from lora_viz.explainer import quotes
from lora_viz.explainer.audit.facts import RANK
from lora_viz.explainer.audit.findings import Claim
from lora_viz.explainer.audit.layers import r_times_in_plus_out, share_of_the_weight, weight
from lora_viz.format import grouped, percent
from lora_viz.i18n import N_, Message

SECTION_5 = (
    Claim(
        quotes.C_ATTN_FULL,
        N_("c_attn, full fine-tuning: parameters"),
        lambda f: f.c_attn.in_features * f.c_attn.out_features,
        lambda f: Message(
            N_("The weight alone; the layer's %s biases are not counted."),
            grouped(f.c_attn.out_features),
        ),
    ),
    Claim(
        quotes.C_ATTN_LORA,
        N_("c_attn, LoRA: parameters"),
        lambda f: f.attention.modules[0].parameters(RANK),
        r_times_in_plus_out,
    ),
    Claim(
        quotes.C_ATTN_SHARE,
        N_("c_attn, LoRA: share"),
        lambda f: (
            100 * f.attention.modules[0].parameters(RANK) / f.attention.modules[0].base_weight
        ),
        share_of_the_weight,
    ),
    Claim(
        quotes.C_PROJ_FULL,
        N_("c_proj, full fine-tuning: parameters"),
        weight,
        lambda f: Message(
            N_("The weight alone; the layer's %s biases are not counted."),
            grouped(f.c_proj.out_features),
        ),
    ),
    Claim(
        quotes.C_PROJ_LORA,
        N_("c_proj, LoRA: parameters"),
        lambda f: f.attention.modules[1].parameters(RANK),
        r_times_in_plus_out,
    ),
    Claim(
        quotes.C_PROJ_SHARE,
        N_("c_proj, LoRA: share"),
        lambda f: (
            100 * f.attention.modules[1].parameters(RANK) / f.attention.modules[1].base_weight
        ),
        share_of_the_weight,
    ),
    Claim(
        quotes.MODEL_PARAMETERS,
        N_("Whole model: parameters"),
        lambda f: f.total,
        lambda _f: Message(
            N_("The input embedding and the output head are tied and counted once.")
        ),
    ),
    Claim(
        quotes.ALL_LAYERS,
        N_("LoRA over 12 layers: parameters"),
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
        quotes.ALL_LAYERS_SHARE,
        N_("LoRA over 12 layers: share"),
        lambda f: 100 * f.short_trainable / f.total,
        lambda f: Message(
            N_("Follows from %(stated)s; the attention-only adapter is %(share)s."),
            stated=grouped(quotes.ALL_LAYERS.value),
            share=percent(f.attention_trainable / f.total, 3),
        ),
    ),
    Claim(
        quotes.FROZEN_SHARE,
        N_("Frozen parameters"),
        lambda f: 100 * (1 - f.short_trainable / f.total),
        lambda f: Message(
            N_("PEFT divides by base and adapter together, %(all)s, and prints %(percent)s."),
            all=grouped(f.total + f.short_trainable),
            percent=percent(f.short_trainable / (f.total + f.short_trainable), 4),
        ),
    ),
)


def _per_layer_claim(rank: int, quote: quotes.Quote[int]) -> Claim:
    return Claim(
        quote,
        {
            4: N_("r = 4: parameters per layer"),
            8: N_("r = 8: parameters per layer"),
            16: N_("r = 16: parameters per layer"),
            32: N_("r = 32: parameters per layer"),
        }[rank],
        lambda f: f.per_block(f.attention, rank),
        lambda f: Message(
            N_("Attention only; together with the feed-forward's c_proj it is %s."),
            grouped(f.per_block(f.short_names, rank)),
        ),
    )


def _not_computed(quote: quotes.Quote[str], words: str) -> Claim:
    return Claim(
        quote,
        words,
        lambda _f: None,
        lambda _f: Message(N_("A judgement: only a rank sweep on a real task measures it.")),
        judgement="qualitative",
    )


SECTION_6 = (
    *(_per_layer_claim(rank, quote) for rank, quote in quotes.PER_LAYER.items()),
    _not_computed(quotes.STARS, N_("Expressiveness at r = 1, 4, 8, 16, 32")),
    _not_computed(quotes.QUESTIONS.quote, N_("Recommended rank for simple questions and answers")),
    _not_computed(quotes.GENERAL.quote, N_("Recommended rank for usual tasks")),
    _not_computed(quotes.GENERATION.quote, N_("Recommended rank for complex generation")),
)


COUNT_CLAIMS = (*SECTION_5, *SECTION_6)
