"""Words for training and what is measured of it."""

from __future__ import annotations

from lora_viz.glossary.origins import (
    ACCELERATE,
    BIDERMAN,
    GOODFELLOW_LEARNING,
    GOODFELLOW_OPTIMIZATION,
    PEFT_LORA,
    TORCH_TUTORIAL,
    TRANSFORMERS_GLOSSARY,
    TRANSFORMERS_PERPLEXITY,
)
from lora_viz.glossary.term import Formula, Term
from lora_viz.i18n import N_

TRAINING_TERMS = (
    Term(
        "batch",
        N_("batch"),
        N_("batch|batches"),
        N_("A batch is the set of sequences that one forward and backward pass reads together."),
        GOODFELLOW_OPTIMIZATION,
        part="§8.1.3",
        fields=("batch_size",),
        pages=("memory", "planner"),
    ),
    Term(
        "sequence_length",
        N_("sequence length"),
        N_("sequence length|sequence lengths"),
        N_("The sequence length is how many tokens each sequence of a batch has."),
        TRANSFORMERS_GLOSSARY,
        part="input IDs",
        fields=("seq_len",),
        pages=("memory", "planner"),
    ),
    Term(
        "gradient_accumulation",
        N_("gradient accumulation"),
        N_("gradient accumulation"),
        N_(
            "Gradient accumulation adds up the gradients of several batches before the "
            "optimizer takes one step."
        ),
        ACCELERATE,
        fields=("gradient_accumulation",),
    ),
    Term(
        "loss",
        N_("loss"),
        N_("loss|losses"),
        N_(
            "The loss is what training makes smaller: the mean cross-entropy of the right"
            " tokens, in nats per token."
        ),
        TRANSFORMERS_PERPLEXITY,
        formula=Formula(
            r"L = -\frac{1}{N} \sum_{i} \ln p(x_i \mid x_{<i})", "L = −(1/N)·Σ ln p(xᵢ | x₁ … xᵢ₋₁)"
        ),
        pages=("training_lab", "compare_runs"),
    ),
    Term(
        "held_out_loss",
        N_("held-out loss"),
        N_("held-out loss|held-out losses|held-out|held out"),
        N_("The held-out loss is the loss on text that is never trained on."),
        GOODFELLOW_LEARNING,
        part="§5.3",
        pages=("rank", "training_lab", "training_process", "summary"),
    ),
    Term(
        "perplexity",
        N_("perplexity"),
        N_("perplexity|perplexities"),
        N_("Perplexity is exp(loss): how many equally likely tokens the model wavers between."),
        TRANSFORMERS_PERPLEXITY,
        formula=Formula(r"\mathrm{PPL} = e^{L}", "PPL = exp(L)"),
        pages=("training_lab", "training_process", "audit"),
    ),
    Term(
        "epoch",
        N_("epoch"),
        N_("epoch|epochs"),
        N_("An epoch is one pass over all training data."),
        TORCH_TUTORIAL,
        fields=("epochs",),
        pages=("training_process",),
    ),
    Term(
        "optimizer_step",
        N_("optimizer step"),
        N_("optimizer step|optimizer steps|training step|training steps"),
        N_("An optimizer step changes all trained values once, by their gradients."),
        GOODFELLOW_OPTIMIZATION,
        part="§8.3.1",
        formula=Formula(r"w \leftarrow w - \eta\,g", "w ← w − η·g"),
    ),
    Term(
        "learning_rate",
        N_("learning rate"),
        N_("learning rate|learning rates"),
        N_("The learning rate η says how far one step moves the trained values."),
        GOODFELLOW_OPTIMIZATION,
        part="§8.3.1",
        formula=Formula(r"w \leftarrow w - \eta\,g", "w ← w − η·g"),
        fields=("learning_rate",),
        pages=("training_lab", "compare_runs"),
    ),
    Term(
        "dropout",
        N_("dropout"),
        N_("dropout"),
        N_("Dropout sets a random share of the inputs of an adapter to zero while it is trained."),
        PEFT_LORA,
        part="lora_dropout",
        fields=("dropout",),
    ),
    Term(
        "forgetting",
        N_("forgetting"),
        N_("forgetting"),
        N_("Forgetting is how much the loss rises on text that the base model was pretrained on."),
        BIDERMAN,
        pages=("rank",),
    ),
)
