"""The explainer's figures about files, and its closing summary: section 9 and the end."""

from __future__ import annotations

from lora_viz.explainer.audit.facts import RANK, Facts
from lora_viz.explainer.audit.findings import Claim
from lora_viz.explainer.audit.training import ACTIVATIONS, ADAPTER_FILE, FULL_FILE, MB
from lora_viz.format import binary_size, percent, size
from lora_viz.i18n import N_, Message

TASKS = 5


def _checkpoint_mb(facts: Facts) -> float:
    return (facts.adapter_file + facts.optimizer_file) / MB


SECTION_9 = (
    Claim(
        "9",
        N_("Full model file"),
        500,
        "MB",
        lambda f: f.model_file / MB,
        lambda _f: Message(N_("Rounded to the next ten.")),
        last_digit=10,
    ),
    Claim(
        "9",
        N_("LoRA adapter file"),
        9.4,
        "MB",
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
        "9",
        N_("Ratio 9.4 MB / 500 MB"),
        1.88,
        "%",
        lambda _f: 100 * ADAPTER_FILE / FULL_FILE,
        lambda f: Message(
            N_("Right for its inputs; the adapter file alone is %s."),
            percent(f.adapter_file / f.model_file),
        ),
    ),
    Claim(
        "9",
        N_("Saved on disk"),
        98.12,
        "%",
        lambda _f: 100 * (1 - ADAPTER_FILE / FULL_FILE),
        lambda _f: Message(N_("Right for its inputs.")),
    ),
    Claim(
        "9",
        N_("One base and 5 adapters"),
        547,
        "MB",
        lambda _f: FULL_FILE + TASKS * ADAPTER_FILE,
        lambda f: Message(
            N_("Right for its inputs; with the adapter files alone it is %s."),
            size(f.model_file + TASKS * f.adapter_file),
        ),
    ),
    Claim(
        "9",
        N_("6 full models"),
        3000,
        "MB",
        lambda _f: (TASKS + 1) * FULL_FILE,
        lambda _f: Message(
            N_("It counts the base among the six; five fine-tuned models are 2,500 MB.")
        ),
        judgement="convention",
    ),
    Claim(
        "9",
        N_("Saved: 3000 MB → 547 MB"),
        82,
        "%",
        lambda _f: 100 * (1 - 547 / ((TASKS + 1) * FULL_FILE)),
        lambda _f: Message(N_("Against five full models it is %s."), percent(1 - 547 / 2500, 0)),
        judgement="convention",
    ),
)

SUMMARY = N_("end")
SECTION_END = (
    Claim(
        SUMMARY,
        N_("Total parameters"),
        124,
        "M",
        lambda f: f.total / 1e6,
        lambda _f: Message(N_("Rounded to the million.")),
    ),
    Claim(
        SUMMARY,
        N_("Trained parameters"),
        0.8,
        "M",
        lambda f: f.short_trainable / 1e6,
        lambda f: Message(
            N_("The attention-only adapter has %s million."), f"{f.attention_trainable / 1e6:.2f}"
        ),
        last_digit=0.1,
    ),
    Claim(
        SUMMARY,
        N_("Frozen"),
        99.4,
        "%",
        lambda f: 100 * (1 - f.short_trainable / f.total),
        lambda _f: Message(N_("Section 5 says 99.35 %.")),
        last_digit=0.1,
    ),
    Claim(
        SUMMARY,
        N_("Checkpoint: 500 MB → 9.4 MB"),
        98,
        "%",
        lambda _f: 100 * (1 - ADAPTER_FILE / FULL_FILE),
        lambda _f: Message(N_("Right for its inputs.")),
    ),
    Claim(
        SUMMARY,
        N_("One layer: 589,824 → 12,288"),
        98,
        "%",
        lambda f: (
            100 * (1 - f.attention.modules[1].parameters(RANK) / f.attention.modules[1].base_weight)
        ),
        lambda _f: Message(N_("As in section 2.")),
    ),
    Claim(
        SUMMARY,
        N_("VRAM: 2.5 GB → 0.5 GB"),
        80,
        "%",
        lambda _f: 100 * (1 - (FULL_FILE + 12.8 + ACTIVATIONS) / 2500),
        lambda _f: Message(
            N_(
                "It compares an estimated training peak with a resident size. Like for like, "
                "section 8 says 60 %."
            )
        ),
        judgement="contradicted",
    ),
    Claim(
        SUMMARY,
        N_("Perplexity: 9.08 → 1.05"),
        88,
        "%",
        lambda _f: 100 * (1 - 1.05 / 9.08),
        lambda _f: Message(
            N_("Right for its inputs. It does not say whether the data was held out.")
        ),
    ),
)

FILE_CLAIMS = (*SECTION_9, *SECTION_END)
