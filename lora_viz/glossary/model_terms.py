"""Words for the parts of a model, and for what goes through it."""

from __future__ import annotations

from lora_viz.glossary.origins import (
    TORCH_CROSS_ENTROPY,
    TORCH_LINEAR,
    TRANSFORMERS_GLOSSARY,
    VASWANI,
)
from lora_viz.glossary.term import Formula, Term
from lora_viz.i18n import N_

MODEL_TERMS = (
    Term(
        "embedding",
        N_("embedding"),
        N_("embedding|embeddings"),
        N_("An embedding is a table with one row of numbers for each token of the vocabulary."),
        VASWANI,
        part="§3.4",
    ),
    Term(
        "attention",
        N_("attention"),
        N_("attention"),
        N_(
            "Attention lets each token take up information from other tokens, by how well"
            " they match."
        ),
        VASWANI,
        part="§3.2.1",
        formula=Formula(
            r"\mathrm{softmax}\left(\frac{QK^\top}{\sqrt{d_k}}\right)V", "softmax(Q·Kᵀ / √dₖ)·V"
        ),
        fields=("attention",),
    ),
    Term(
        "mlp",
        N_("MLP, feed forward"),
        N_("MLP|feed forward|feed-forward"),
        N_(
            "The MLP, or feed-forward network, is the part of a block that works on each "
            "token alone."
        ),
        VASWANI,
        part="§3.3",
        formula=Formula(
            r"\mathrm{FFN}(x) = \max(0, xW_1 + b_1)\,W_2 + b_2",
            "FFN(x) = max(0, x·W₁ + b₁)·W₂ + b₂",
        ),
        pages=("parameters",),
    ),
    Term(
        "head",
        N_("head"),
        N_("head|heads"),
        N_(
            "A head is either the last layer of a model, which gives its answer, or one "
            "of the attentions that a block computes in parallel."
        ),
        VASWANI,
        part="§3.2.2, §3.4",
    ),
    Term(
        "bias",
        N_("bias"),
        N_("bias|biases"),
        N_("A bias is a vector that a layer adds to its output."),
        TORCH_LINEAR,
        formula=Formula("y = Wx + b", "y = W·x + b"),
        fields=("bias",),
    ),
    Term(
        "token",
        N_("token"),
        N_("token|tokens"),
        N_("A token is a piece of text, often a part of a word, that a model reads as one number."),
        TRANSFORMERS_GLOSSARY,
        part="input IDs",
    ),
    Term(
        "logits",
        N_("logits"),
        N_("logits|logit"),
        N_(
            "Logits are the raw scores that a model gives to each token of the "
            "vocabulary, before the softmax."
        ),
        TORCH_CROSS_ENTROPY,
        pages=("memory",),
    ),
)
