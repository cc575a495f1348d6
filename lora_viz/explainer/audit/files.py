"""The explainer's figures about files, and its closing summary: section 9 and the end."""

from __future__ import annotations

from lora_viz.explainer import quotes
from lora_viz.explainer.audit.facts import RANK, Facts
from lora_viz.explainer.audit.findings import Claim
from lora_viz.explainer.audit.layers import whole
from lora_viz.explainer.audit.training import MB, stated_lora_mb, stated_saving
from lora_viz.explainer.quotes import FILES
from lora_viz.format import binary_size, percent, size
from lora_viz.i18n import N_, Message

FIRST, LAST = quotes.EPOCHS[0], quotes.EPOCHS[-1]


def _checkpoint_mb(facts: Facts) -> float:
    return (facts.adapter_file + facts.optimizer_file) / MB


SECTION_9 = (
    Claim(
        quotes.FULL_FILE,
        N_("Full model file"),
        lambda f: f.model_file / MB,
        lambda _f: Message(N_("Rounded to the next ten.")),
    ),
    Claim(
        quotes.ADAPTER_FILE,
        N_("LoRA adapter file"),
        _checkpoint_mb,
        lambda f: Message(
            N_(
                "The adapter file takes %(file)s; with the optimizer state it is %(both)s, "
                "or %(binary)s: a training checkpoint, in MiB."
            ),
            file=size(f.adapter_file),
            both=size(f.adapter_file + f.optimizer_file),
            binary=binary_size(f.adapter_file + f.optimizer_file),
        ),
        judgement="convention",
    ),
    Claim(
        quotes.FILE_SHARE,
        N_("Ratio 9.4 MB / 500 MB"),
        lambda _f: 100 * FILES.adapter / FILES.base,
        lambda f: Message(
            N_("Right for its inputs; the adapter file alone is %s."),
            percent(f.adapter_file / f.model_file),
        ),
    ),
    Claim(
        quotes.FILE_SAVED,
        N_("Saved on disk"),
        lambda _f: 100 * (1 - FILES.adapter / FILES.base),
        lambda _f: Message(N_("Right for its inputs.")),
    ),
    Claim(
        quotes.SHARED_BASE,
        N_("One base and 5 adapters"),
        lambda _f: FILES.shared,
        lambda f: Message(
            N_("Right for its inputs; with the adapter files alone it is %s."),
            size(f.model_file + FILES.tasks * f.adapter_file),
        ),
    ),
    Claim(
        quotes.FULL_MODELS,
        N_("6 full models"),
        lambda _f: FILES.full_models_and_base,
        lambda _f: Message(
            N_("It counts the base among the %(all)s; %(tasks)s fine-tuned models are %(size)s."),
            all=FILES.tasks + 1,
            tasks=FILES.tasks,
            size=whole(FILES.full_models, quotes.FULL_MODELS.unit),
        ),
        judgement="convention",
    ),
    Claim(
        quotes.TASKS_SAVED,
        N_("Saved: 3000 MB → 547 MB"),
        lambda _f: 100 * (1 - quotes.SHARED_BASE.value / FILES.full_models_and_base),
        lambda _f: Message(
            N_("Against %(tasks)s full models it is %(share)s."),
            tasks=FILES.tasks,
            share=percent(1 - quotes.SHARED_BASE.value / FILES.full_models, 0),
        ),
        judgement="convention",
    ),
)

SUMMARY = N_("end")
SECTION_END = (
    Claim(
        quotes.TOTAL_MILLIONS,
        N_("Total parameters"),
        lambda f: f.total / 1e6,
        lambda _f: Message(N_("Rounded to the million.")),
    ),
    Claim(
        quotes.TRAINED_MILLIONS,
        N_("Trained parameters"),
        lambda f: f.short_trainable / 1e6,
        lambda f: Message(
            N_("The attention-only adapter has %s million."), f"{f.attention_trainable / 1e6:.2f}"
        ),
    ),
    Claim(
        quotes.END_FROZEN,
        N_("Frozen"),
        lambda f: 100 * (1 - f.short_trainable / f.total),
        lambda _f: Message(N_("Section 5 says %s."), percent(quotes.FROZEN_SHARE.value / 100)),
    ),
    Claim(
        quotes.END_CHECKPOINT,
        N_("Checkpoint: 500 MB → 9.4 MB"),
        lambda _f: 100 * (1 - FILES.adapter / FILES.base),
        lambda _f: Message(N_("Right for its inputs.")),
    ),
    Claim(
        quotes.END_ONE_LAYER,
        N_("One layer: 589,824 → 12,288"),
        lambda f: (
            100 * (1 - f.attention.modules[1].parameters(RANK) / f.attention.modules[1].base_weight)
        ),
        lambda _f: Message(N_("As in section 2.")),
    ),
    Claim(
        quotes.END_VRAM,
        N_("VRAM: 2.5 GB → 0.5 GB"),
        lambda _f: stated_saving(stated_lora_mb()),
        lambda _f: Message(
            N_(
                "It compares an estimated training peak with a resident size. Like for like, "
                "section 8 says %s."
            ),
            percent(quotes.MEMORY_SAVED.value / 100, 0),
        ),
        judgement="contradicted",
    ),
    Claim(
        quotes.END_PERPLEXITY,
        N_("Perplexity: 9.08 → 1.05"),
        lambda _f: 100 * (1 - LAST.stated_perplexity / FIRST.stated_perplexity),
        lambda _f: Message(
            N_("Right for its inputs. It does not say whether the data was held out.")
        ),
    ),
)

FILE_CLAIMS = (*SECTION_9, *SECTION_END)
