"""The explainer's figures about one layer: its sections 1 to 4."""

from __future__ import annotations

from lora_viz.adapter.layout import break_even_rank, lora_parameters, scaling
from lora_viz.costs.one_layer import LayerState, full_state, lora_state, saving
from lora_viz.explainer import quotes
from lora_viz.explainer.audit.facts import ALPHA, DTYPE, RANK, Facts
from lora_viz.explainer.audit.findings import Claim
from lora_viz.format import THIN_SPACE, grouped, percent, size
from lora_viz.i18n import N_, Message

MB, KB = 1e6, 1e3


def full_layer(facts: Facts) -> LayerState:
    """The attention's output projection, trained itself."""
    layer = facts.c_proj
    return full_state(layer.in_features, layer.out_features, DTYPE, "adamw")


def lora_layer(facts: Facts) -> LayerState:
    """The same layer with a frozen W beside A and B."""
    layer = facts.c_proj
    return lora_state(
        layer.in_features,
        layer.out_features,
        RANK,
        base_dtype=DTYPE,
        adapter_dtype=DTYPE,
        optimizer="adamw",
    )


def weight(facts: Facts) -> int:
    """Values in the attention's output projection."""
    return facts.c_proj.in_features * facts.c_proj.out_features


def shape(*sizes: int) -> str:
    """(8, 768) → "8×768"."""
    return "×".join(map(str, sizes))


def whole(number: float, unit: str) -> str:
    """196.6, "KB" → "197 KB"."""
    return f"{number:,.0f}{THIN_SPACE}{unit}"


def outputs_times_inputs(facts: Facts) -> Message:
    """What a weight's values are the product of."""
    return Message(
        N_("%(outside)s outputs times %(inside)s inputs; the biases are not counted."),
        outside=grouped(facts.c_proj.out_features),
        inside=grouped(facts.c_proj.in_features),
    )


def share_of_the_weight(_facts: Facts) -> Message:
    """What a share of parameters is a share of."""
    return Message(N_("A and B together, as a share of the layer's weight without its biases."))


def shapes_in_peft(_facts: Facts) -> Message:
    """Where the shapes of A and B are from."""
    return Message(N_("A is r × in and B is out × r: these are the shapes of PEFT's own tensors."))


def square(_facts: Facts) -> Message:
    """Why the order of a square's sides cannot be seen."""
    return Message(
        N_("Square: out × in looks the same as in × out, in which GPT-2's Conv1D stores it.")
    )


def r_times_in_plus_out(_facts: Facts) -> Message:
    """What A and B hold together."""
    return Message(N_("A holds r · in values and B out · r: together r · (in + out)."))


def four_bytes(_facts: Facts) -> Message:
    """Why a value takes four bytes, and twice that in Adam's state."""
    return Message(N_("float32 takes 4 bytes a value; Adam keeps two moments for each."))


def _adapter_shapes(facts: Facts, name: str) -> str:
    module = next(module for module in facts.attention.modules if module.name == name)
    return ", ".join(shape(*tensor.shape_at(RANK)) for tensor in module.tensors)


SECTION_1 = (
    Claim(
        quotes.ONE_W,
        N_("W (768×768): parameters"),
        weight,
        outputs_times_inputs,
    ),
    Claim(
        quotes.ONE_W_BYTES,
        N_("W in memory"),
        lambda f: full_layer(f).weight_bytes / MB,
        four_bytes,
    ),
    Claim(
        quotes.ONE_GRADIENT_BYTES,
        N_("Gradient of W"),
        lambda f: full_layer(f).weight_bytes / MB,
        four_bytes,
    ),
    Claim(
        quotes.ONE_ADAM_BYTES,
        N_("Adam's state for W"),
        lambda f: full_layer(f).optimizer_bytes / MB,
        four_bytes,
    ),
    Claim(
        quotes.ONE_FULL_BYTES,
        N_("Full fine-tuning of one layer, total"),
        lambda f: full_layer(f).trained_bytes / MB,
        four_bytes,
    ),
    Claim(
        quotes.ONE_A,
        N_("A (8×768): parameters"),
        lambda f: lora_layer(f).trained["A"],
        r_times_in_plus_out,
    ),
    Claim(
        quotes.ONE_B,
        N_("B (768×8): parameters"),
        lambda f: lora_layer(f).trained["B"],
        r_times_in_plus_out,
    ),
    Claim(
        quotes.ONE_ADAPTER,
        N_("A and B: parameters"),
        lambda f: lora_layer(f).trained_values,
        r_times_in_plus_out,
    ),
    Claim(
        quotes.ONE_ADAPTER_BYTES,
        N_("A and B in memory"),
        lambda f: lora_layer(f).weight_bytes / KB,
        four_bytes,
    ),
    Claim(
        quotes.ONE_ADAPTER_ADAM_BYTES,
        N_("Adam's state for A and B"),
        lambda f: lora_layer(f).optimizer_bytes / KB,
        four_bytes,
    ),
    Claim(
        quotes.ONE_LORA_BYTES,
        N_("LoRA for one layer, total"),
        lambda f: lora_layer(f).trained_bytes / KB,
        lambda f: Message(
            N_("The sum of rounded parts; rounded once it is %s."),
            whole(lora_layer(f).trained_bytes / KB, quotes.ONE_LORA_BYTES.unit),
        ),
    ),
    Claim(
        quotes.ONE_SAVED,
        N_("Memory saved: 9.44 MB → 0.196 MB"),
        lambda f: 100 * saving(full_layer(f), lora_layer(f), False),
        lambda f: Message(
            N_(
                "The frozen W is left out, but it stays in memory: with it %(full)s become "
                "%(lora)s, %(less)s less."
            ),
            full=size(full_layer(f).total(True)),
            lora=size(lora_layer(f).total(True)),
            less=percent(saving(full_layer(f), lora_layer(f), True), 1),
        ),
        judgement="partial",
    ),
)

SECTION_2 = (
    Claim(
        quotes.UPDATE,
        N_("ΔW (768×768): parameters"),
        weight,
        outputs_times_inputs,
    ),
    Claim(
        quotes.PRODUCT,
        N_("B × A: parameters"),
        lambda f: lora_parameters(f.c_proj.in_features, f.c_proj.out_features, RANK),
        r_times_in_plus_out,
    ),
    Claim(
        quotes.REDUCTION,
        N_("Reduction: 589,824 → 12,288"),
        lambda f: 100 * (1 - lora_layer(f).trained_values / weight(f)),
        lambda f: Message(
            N_("Up to r = %(rank)s: above it A and B are larger than W."),
            rank=f"{break_even_rank(f.c_proj.in_features, f.c_proj.out_features):g}",
        ),
    ),
)

SECTION_3 = (
    Claim(
        quotes.TEMP_SHAPE,
        N_("A · x: shape of temp"),
        lambda f: f"batch×{f.attention.modules[1].tensors[0].shape_at(RANK)[0]}",
        lambda _f: Message(N_("Written for column vectors; the rows of a batch compute x Aᵀ.")),
        judgement="convention",
    ),
    Claim(
        quotes.OUTPUT_SHAPE,
        N_("h: shape of the output"),
        lambda f: f"batch×{f.c_proj.out_features}",
        lambda _f: Message(N_("Written for column vectors; the rows of a batch compute x Wᵀ.")),
        judgement="convention",
    ),
    Claim(
        quotes.SCALING,
        N_("Scaling alpha/r = 16/8"),
        lambda _f: scaling(RANK, ALPHA),
        lambda _f: Message(
            N_("rsLoRA would use alpha/√r = %s."), f"{scaling(RANK, ALPHA, rslora=True):.2f}"
        ),
    ),
)

SECTION_4 = (
    Claim(
        quotes.C_ATTN_SHAPE,
        N_("c_attn: W"),
        lambda f: shape(f.c_attn.out_features, f.c_attn.in_features),
        lambda f: Message(
            N_("Written (out × in); GPT-2's own Conv1D stores (in × out), %s."),
            shape(*f.c_attn.weight_shape),
        ),
        judgement="convention",
    ),
    Claim(
        quotes.C_ATTN_ADAPTER_SHAPES,
        N_("c_attn: A and B"),
        lambda f: _adapter_shapes(f, "transformer.h.0.attn.c_attn"),
        shapes_in_peft,
    ),
    Claim(
        quotes.C_PROJ_SHAPE,
        N_("Attention's c_proj: W"),
        lambda f: shape(f.c_proj.out_features, f.c_proj.in_features),
        square,
    ),
    Claim(
        quotes.C_PROJ_ADAPTER_SHAPES,
        N_("Attention's c_proj: A and B"),
        lambda f: _adapter_shapes(f, "transformer.h.0.attn.c_proj"),
        shapes_in_peft,
    ),
    Claim(
        quotes.FEED_FORWARD_ADAPTER,
        N_("LoRA in the feed-forward part: parameters"),
        lambda f: f.short_trainable - f.attention_trainable,
        lambda f: Message(
            N_(
                "Section 5's total of %(total)s holds %(more)s parameters of the feed-forward's "
                "c_proj."
            ),
            total=grouped(f.short_trainable),
            more=grouped(f.short_trainable - f.attention_trainable),
        ),
        judgement="contradicted",
    ),
)

LAYER_CLAIMS = (*SECTION_1, *SECTION_2, *SECTION_3, *SECTION_4)
