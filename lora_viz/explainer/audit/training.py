"""The explainer's figures about training and memory: its sections 7 and 8."""

from __future__ import annotations

from lora_viz.dtypes import BYTES_PER_VALUE
from lora_viz.explainer import quotes
from lora_viz.explainer.audit.facts import DTYPE, RANK, STEP, Facts
from lora_viz.explainer.audit.findings import Claim
from lora_viz.explainer.epochs import TOLD_EPOCHS, ToldEpoch
from lora_viz.format import THIN_SPACE, grouped, size
from lora_viz.i18n import N_, Message

MB, GB = 1e6, 1e9
BYTES = BYTES_PER_VALUE[DTYPE]
ADAM_MOMENTS = 2
# what the explainer's own sum for LoRA adds to the model and its activations, in MB
LORA_PARTS = (
    quotes.ADAPTER_WEIGHTS.value,
    quotes.ADAPTER_GRADIENTS.value,
    quotes.ADAPTER_ADAM.value,
)


def weights_mb(facts: Facts) -> float:
    """The base model's parameters in float32, in MB."""
    return facts.total * BYTES / MB


def adapter_mb(facts: Facts) -> float:
    """The parameters of the adapter with the targets c_attn and c_proj, in MB."""
    return facts.short_trainable * BYTES / MB


def stated_lora_mb() -> float:
    """The explainer's own sum for a step with LoRA, from its own parts, in MB."""
    return float(quotes.FULL_FILE.value) + sum(LORA_PARTS) + quotes.ACTIVATIONS.value


def stated_saving(lora_mb: float) -> float:
    """What a step that takes this much saves of the explainer's full fine-tuning, in percent."""
    return 100 * (1 - lora_mb / quotes.FULL_MEMORY.value)


def from_all_layers(facts: Facts) -> Message:
    """What the figure would be for the attention-only adapter."""
    return Message(
        N_("Follows from %(stated)s parameters; the attention-only adapter takes %(size)s."),
        stated=grouped(quotes.ALL_LAYERS.value),
        size=size(facts.attention_trainable * BYTES),
    )


def _pair(told: ToldEpoch) -> Claim:
    return Claim(
        told.quote,
        EPOCH_WORDS[told.epoch],
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
    )


EPOCH_WORDS = {
    1: N_("Epoch 1: perplexity at loss 2.66"),
    5: N_("Epoch 5: perplexity at loss 1.14"),
    10: N_("Epoch 10: perplexity at loss 0.59"),
    20: N_("Epoch 20: perplexity at loss 0.32"),
}

SECTION_7 = (
    *map(_pair, TOLD_EPOCHS),
    Claim(
        quotes.B_IS_ZERO,
        N_("Epoch 1: B is zero, A is random"),
        lambda _f: None,
        lambda _f: Message(N_("True before the first step; after it B is no longer zero.")),
        judgement="partial",
    ),
    Claim(
        quotes.TRAINED_OF_W,
        N_("W is always frozen: values of W that are trained"),
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
        quotes.FULL_WEIGHTS,
        N_("Full fine-tuning: model parameters"),
        weights_mb,
        lambda _f: Message(N_("float32, rounded to the next ten.")),
    ),
    Claim(
        quotes.FULL_GRADIENTS,
        N_("Full fine-tuning: gradients"),
        weights_mb,
        lambda _f: Message(N_("float32, rounded to the next ten.")),
    ),
    Claim(
        quotes.FULL_ADAM,
        N_("Full fine-tuning: Adam's state"),
        lambda f: ADAM_MOMENTS * weights_mb(f),
        lambda _f: Message(N_("Two moments in float32, rounded to the next ten.")),
    ),
    Claim(
        quotes.ACTIVATIONS,
        N_("Activations, the same for both"),
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
        quotes.FULL_MEMORY,
        N_("Full fine-tuning, total"),
        lambda f: (2 + ADAM_MOMENTS) * weights_mb(f) + quotes.ACTIVATIONS.value,
        lambda f: Message(
            N_("%s without activations; those of the real batch come on top."),
            size((2 + ADAM_MOMENTS) * f.total * BYTES),
        ),
        judgement="partial",
    ),
    Claim(
        quotes.ADAPTER_WEIGHTS,
        N_("LoRA: adapter parameters"),
        adapter_mb,
        from_all_layers,
    ),
    Claim(
        quotes.ADAPTER_GRADIENTS,
        N_("LoRA: gradients"),
        adapter_mb,
        from_all_layers,
    ),
    Claim(
        quotes.ADAPTER_ADAM,
        N_("LoRA: Adam's state"),
        lambda f: ADAM_MOMENTS * adapter_mb(f),
        lambda f: Message(
            N_("Twice the rounded %(rounded)s; rounded once it is %(once)s."),
            rounded=quotes.ADAPTER_WEIGHTS.value,
            once=f"{ADAM_MOMENTS * adapter_mb(f):.1f}{THIN_SPACE}{quotes.ADAPTER_ADAM.unit}",
        ),
    ),
    Claim(
        quotes.LORA_MEMORY,
        N_("LoRA, total"),
        lambda _f: stated_lora_mb(),
        lambda _f: Message(N_("The sum of the explainer's own parts.")),
    ),
    Claim(
        quotes.MEMORY_SAVED,
        N_("Memory saved: 2.5 GB → 1.0 GB"),
        lambda _f: stated_saving(stated_lora_mb()),
        lambda _f: Message(N_("Right for the explainer's sums, which assume the activations.")),
    ),
    Claim(
        quotes.MEASURED_VRAM,
        N_("Measured VRAM"),
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
        quotes.FREE_VRAM,
        N_("Free of 8.00 GB"),
        lambda _f: 100 * (1 - quotes.MEASURED_VRAM.value / quotes.CARD.value),
        lambda _f: Message(
            N_("Right for its inputs. That memory is free before any step, not while training.")
        ),
    ),
)


TRAINING_CLAIMS = (*SECTION_7, *SECTION_8)
