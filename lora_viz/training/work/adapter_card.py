"""What lies beside saved weights: a card that says what they are, and no path of this machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lora_viz import __version__
from lora_viz.choices.methods import METHODS
from lora_viz.i18n import N_, Message
from lora_viz.training.folder.writing import write_whole
from lora_viz.training.perplexity import perplexity_words
from lora_viz.training.runs.public_names import in_a_cell, public_name
from lora_viz.training.runs.results import BeforeAfter, Machine
from lora_viz.training.settings import EMBEDDED_MODEL, TrainingSettings

# where PEFT and transformers note the place from which they read a model
NAMES_OF_SOURCES = {
    "adapter_config.json": "base_model_name_or_path",
    "config.json": "_name_or_path",
    "tokenizer_config.json": "name_or_path",
}
HOW_IT_WAS_READ = ("is_local", "local_files_only")  # of a tokenizer, on this machine


def name_publicly(folder: Path, model: str) -> None:
    """Let saved files name their base model as every machine knows it. Raises `OSError`."""
    for name, field in NAMES_OF_SOURCES.items():
        file = folder / name
        if file.is_file():
            values = json.loads(file.read_bytes())
            kept = {key: value for key, value in values.items() if key not in HOW_IT_WAS_READ}
            if field in kept:
                kept[field] = public_name(model)
            write_whole(file, json.dumps(kept, indent=2, ensure_ascii=False) + "\n")


def write_card(folder: Path, settings: TrainingSettings, found: Mapping[str, Any]) -> None:
    """Write the folder's README.md from what is `found` so far. Raises `OSError`."""
    write_whole(folder / "README.md", _card(settings, found))


def _card(settings: TrainingSettings, found: Mapping[str, Any]) -> str:
    base = public_name(settings.scenario.model)
    is_full = not settings.scenario.trains_adapter
    title = N_("%s, fine-tuned") if is_full else N_("LoRA adapter for %s")
    rows = "\n".join(f"| {name} | {value} |" for name, value in _rows(settings, base, found))
    return "\n".join(
        (
            *_front_matter(settings, base),
            "",
            f"# {Message(title, _short(settings, base))}",
            "",
            str(Message(N_("Trained with LoRA Viz %s."), __version__)),
            "",
            "| | |",
            "|---|---|",
            rows,
            "",
            f"## {Message(N_('How to load it'))}",
            "",
            "```python",
            *_loading(base, is_full),
            "```",
            "",
        )
    )


def _front_matter(settings: TrainingSettings, base: str) -> list[str]:
    """What the hub reads; it takes only its own names for a base model."""
    lines = [None if settings.scenario.trains_adapter else "library_name: transformers"]
    if settings.scenario.trains_adapter:
        lines = ["library_name: peft", "tags:", "- lora"]
    if settings.scenario.model != EMBEDDED_MODEL and base.count("/") == 1:
        lines.append(f"base_model: {base}")
    return ["---", *(line for line in lines if line), "pipeline_tag: text-generation", "---"]


def _rows(
    settings: TrainingSettings, base: str, found: Mapping[str, Any]
) -> list[tuple[Message, str | Message]]:
    scenario = settings.scenario
    rows: list[tuple[Message, str | Message]] = [
        (Message(N_("Base model")), _base(settings, base)),
        (Message(N_("Method")), _method(settings)),
    ]
    if scenario.trains_adapter:
        rows.append((Message(N_("Target modules")), _code(", ".join(scenario.target_modules))))
    data = Path(settings.data_file).name if settings.task == "own" else settings.task
    rows += [
        (Message(N_("Data")), _code(data)),
        (
            Message(N_("Training")),
            Message(
                N_("Steps: %(steps)s. Sequences in each: %(batch)s, of up to %(tokens)s tokens"),
                steps=f"{found.get('steps', 0):,}",
                batch=f"{scenario.batch_size * scenario.gradient_accumulation:,}",
                tokens=f"{scenario.seq_len:,}",
            ),
        ),
        (Message(N_("Learning rate")), f"{settings.learning_rate:g}, {settings.schedule}"),
        (Message(N_("Seed")), str(settings.seed)),
    ]
    losses: BeforeAfter | None = found.get("held_out")
    if losses and losses.after:
        before, after = losses.before, losses.after
        rows += [
            (Message(N_("Held-out loss, nats per token")), f"{before.loss:.4g} → {after.loss:.4g}"),
            (
                Message(N_("Held-out perplexity")),
                f"{perplexity_words(before.loss)} → {perplexity_words(after.loss)}",
            ),
        ]
    machine: Machine | None = found.get("machine")
    if machine:
        versions = ", ".join(f"{name} {number}" for name, number in machine.software.items())
        rows.append((Message(N_("Software")), versions))
    return rows


def _short(settings: TrainingSettings, base: str) -> str:
    return EMBEDDED_MODEL if settings.scenario.model == EMBEDDED_MODEL else base


def _base(settings: TrainingSettings, base: str) -> str | Message:
    if settings.scenario.model != EMBEDDED_MODEL:
        return _code(base)
    return Message(
        N_("%(model)s, which comes with LoRA Viz: %(folder)s in its source"),
        model=_code(EMBEDDED_MODEL),
        folder=_code(base),
    )


def _method(settings: TrainingSettings) -> str | Message:
    scenario = settings.scenario
    if not scenario.trains_adapter:
        return Message(N_("full fine-tuning"))
    name = METHODS[scenario.method].label
    extra = [
        label for label, is_on in (("DoRA", scenario.dora), ("rsLoRA", scenario.rslora)) if is_on
    ]
    return ", ".join([name, f"r = {scenario.rank}", f"α = {scenario.alpha:g}", *extra])


def _loading(base: str, is_full: bool) -> list[str]:
    here = Message(N_("the folder of this file"))
    if is_full:
        return [
            "from transformers import AutoModelForCausalLM, AutoTokenizer",
            "",
            f"folder = {here!r}",
            "model = AutoModelForCausalLM.from_pretrained(folder)",
            "tokenizer = AutoTokenizer.from_pretrained(folder)",
        ]
    return [
        "from peft import PeftModel",
        "from transformers import AutoModelForCausalLM, AutoTokenizer",
        "",
        f"folder = {here!r}",
        f"base = AutoModelForCausalLM.from_pretrained({base!r})",
        "model = PeftModel.from_pretrained(base, folder)",
        "tokenizer = AutoTokenizer.from_pretrained(folder)",
    ]


def _code(words: str) -> str:
    return f"`{in_a_cell(words)}`"
