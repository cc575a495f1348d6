"""The explainer's figures about training and memory: its sections 7 and 8."""

from __future__ import annotations

from lora_viz.checkpoint.file_formats import BYTES_PER_VALUE
from lora_viz.explainer.audit.facts import DTYPE, RANK, STEP, Facts
from lora_viz.explainer.audit.findings import Claim
from lora_viz.explainer.epochs import DOCUMENT_EPOCHS, DocumentEpoch
from lora_viz.format import size
from lora_viz.i18n import N_, Message

MB, GB = 1e6, 1e9
BYTES = BYTES_PER_VALUE[DTYPE]
ADAM_MOMENTS = 2
# what the explainer's own arithmetic uses, in MB
FULL_FILE, ADAPTER_FILE, ACTIVATIONS = 500.0, 9.4, 500.0


def weights_mb(facts: Facts) -> float:
    """The base model's parameters in float32, in MB."""
    return facts.total * BYTES / MB


def adapter_mb(facts: Facts) -> float:
    """The parameters of the adapter with the targets c_attn and c_proj, in MB."""
    return facts.short_trainable * BYTES / MB


def from_811008(facts: Facts) -> Message:
    """What the figure would be for the attention-only adapter."""
    return Message(
        N_("Follows from 811,008 parameters; the attention-only adapter takes %s."),
        size(facts.attention_trainable * BYTES),
    )


def _pair(told: DocumentEpoch) -> Claim:
    return Claim(
        "7",
        EPOCH_WORDS[told.epoch],
        told.stated_perplexity,
        "",
        lambda _f: told.computed_perplexity,
        (lambda _f: Message(N_("exp(loss), the one pair that agrees.")))
        if told.agrees
        else lambda _f: Message(
            N_(
                "Perplexity is exp(mean cross-entropy), so %(stated)s belongs to a loss of "
                "%(loss)s. That is what you would see if a training loss averaged over the "
                "epoch were paired with an evaluation after it."
            ),
            stated=told.stated_perplexity,
            loss=f"{told.implied_loss:.3f}",
        ),
        judgement=None if told.agrees else "contradicted",
        last_digit=0.01,
    )


EPOCH_WORDS = {
    1: N_("Epoch 1: perplexity at loss 2.66"),
    5: N_("Epoch 5: perplexity at loss 1.14"),
    10: N_("Epoch 10: perplexity at loss 0.59"),
    20: N_("Epoch 20: perplexity at loss 0.32"),
}

SECTION_7 = (
    *map(_pair, DOCUMENT_EPOCHS),
    Claim(
        "7",
        N_("Epoch 1: B is zero, A is random"),
        N_("true"),
        "",
        lambda _f: None,
        lambda _f: Message(N_("True before the first step; after it B is no longer zero.")),
        judgement="partial",
    ),
    Claim(
        "7",
        N_("W is always frozen: values of W that are trained"),
        0,
        "",
        lambda f: sum(
            t.values(RANK) for t in f.attention.tensors if t.trainable and not t.in_adapter_dtype
        ),
        lambda _f: Message(
            N_("PEFT trains A and B alone; hashing W before and after a run proves it.")
        ),
    ),
)

SECTION_8 = (
    Claim(
        "8",
        N_("Full fine-tuning: model parameters"),
        500,
        "MB",
        weights_mb,
        lambda _f: Message(N_("float32, rounded to the next ten.")),
        last_digit=10,
    ),
    Claim(
        "8",
        N_("Full fine-tuning: gradients"),
        500,
        "MB",
        weights_mb,
        lambda _f: Message(N_("float32, rounded to the next ten.")),
        last_digit=10,
    ),
    Claim(
        "8",
        N_("Full fine-tuning: Adam's state"),
        1000,
        "MB",
        lambda f: ADAM_MOMENTS * weights_mb(f),
        lambda _f: Message(N_("Two moments in float32, rounded to the next ten.")),
        last_digit=10,
    ),
    Claim(
        "8",
        N_("Activations, the same for both"),
        500,
        "MB",
        lambda f: f.full_step.breakdown["activations"] / MB,
        lambda f: Message(
            N_(
                "Never computed there: they depend on batch and sequence length. Alive at the peak "
                "of a simulated step of %(batch)s × %(length)s tokens: %(full)s, with LoRA "
                "%(lora)s."
            ),
            batch=STEP.batch_size,
            length=STEP.seq_len,
            full=size(f.full_step.breakdown["activations"]),
            lora=size(f.lora_step.breakdown["activations"]),
        ),
        judgement="assumed",
    ),
    Claim(
        "8",
        N_("Full fine-tuning in all"),
        2500,
        "MB",
        lambda f: (2 + ADAM_MOMENTS) * weights_mb(f) + ACTIVATIONS,
        lambda f: Message(
            N_("%s without activations; those of the real batch come on top."),
            size((2 + ADAM_MOMENTS) * f.total * BYTES),
        ),
        judgement="partial",
    ),
    Claim("8", N_("LoRA: adapter parameters"), 3.2, "MB", adapter_mb, from_811008, last_digit=0.1),
    Claim("8", N_("LoRA: gradients"), 3.2, "MB", adapter_mb, from_811008, last_digit=0.1),
    Claim(
        "8",
        N_("LoRA: Adam's state"),
        6.4,
        "MB",
        lambda f: ADAM_MOMENTS * adapter_mb(f),
        lambda _f: Message(N_("Twice the rounded 3.2; rounded once it is 6.5 MB.")),
        last_digit=0.1,
    ),
    Claim(
        "8",
        N_("LoRA in all"),
        1013,
        "MB",
        lambda _f: FULL_FILE + 3.2 + 3.2 + 6.4 + ACTIVATIONS,
        lambda _f: Message(N_("The sum of the explainer's own parts.")),
    ),
    Claim(
        "8",
        N_("Memory saved: 2.5 GB → 1.0 GB"),
        60,
        "%",
        lambda _f: 100 * (1 - (FULL_FILE + 12.8 + ACTIVATIONS) / 2500),
        lambda _f: Message(N_("Right for the explainer's sums, which assume the activations.")),
    ),
    Claim(
        "8",
        N_("Measured VRAM"),
        0.50,
        "GB",
        lambda f: (f.total + f.short_trainable) * BYTES / GB,
        lambda f: Message(
            N_(
                "Base model and adapter after loading, before any step. A simulated step of "
                "%(batch)s × %(length)s tokens peaks at %(peak)s."
            ),
            batch=STEP.batch_size,
            length=STEP.seq_len,
            peak=size(f.lora_step.peak_allocated),
        ),
        judgement="convention",
    ),
    Claim(
        "8",
        N_("Free of 8.00 GB"),
        93.75,
        "%",
        lambda _f: 100 * (8.00 - 0.50) / 8.00,
        lambda _f: Message(
            N_("Right for its inputs. That memory is free before any step, not while training.")
        ),
    ),
)


TRAINING_CLAIMS = (*SECTION_7, *SECTION_8)
