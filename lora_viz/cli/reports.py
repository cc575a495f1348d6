"""What the command line answers: one scenario in, one dictionary of plain data out.

`ask` is `kept.compute`, or `kept.ask` where a question may cost no more than itself.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from lora_viz.adapter.counts import count_trained_in_full, count_trained_tokens
from lora_viz.adapter.layout import AdapterLayout, scaling
from lora_viz.adapter.warning_words import other_sentences, sentences_of_numbers
from lora_viz.checkpoint.sizes import (
    adapter_bytes,
    converted_bytes,
    optimizer_bytes,
)
from lora_viz.choices.optimizers import OPTIMIZERS
from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.machine.cards import Card
from lora_viz.memory.fewest_cards import MOST_TRIED, SPLITTING, fewest_cards
from lora_viz.memory.fit import largest, verdict
from lora_viz.memory.report import MemoryReport
from lora_viz.memory.step_time import step_seconds
from lora_viz.questions import ask_for
from lora_viz.questions.kept import compute
from lora_viz.questions.question import Ask

CONVERTED = ("pissa", "olora")
NO_WARNINGS: dict[str, list[str]] = {"unmatched_targets": [], "warnings": []}


def count(scenario: Scenario, ask: Ask = compute) -> dict[str, Any]:
    """Parameters in all and trained ones, by module.

    `total_parameters` is the base model's, and `trainable_percent` is a share of it; PEFT's own
    percentage, which is a share of base and adapter together, is given too.
    `trained_in_full` are layers of which PEFT trains a copy, such as a classification head, and
    `trained_tokens` embeddings of which it trains rows of some tokens alone.
    """
    if not scenario.trains_adapter:
        return _count_full(scenario, ask)
    layout = _layout(scenario, ask)
    trainable = layout.trainable_parameters(scenario.rank)
    with_adapter = layout.total_parameters + layout.added_parameters(scenario.rank)
    return {
        "model": scenario.model,
        "method": scenario.method,
        "total_parameters": layout.total_parameters,
        "trainable_parameters": trainable,
        "trainable_percent": 100 * trainable / layout.total_parameters,
        "total_parameters_with_adapter": with_adapter,
        "peft_trainable_percent": 100 * trainable / with_adapter,
        "scaling": scaling(scenario.rank, scenario.alpha, scenario.rslora),
        "modules": [
            {
                "name": module.name,
                "in_features": module.in_features,
                "out_features": module.out_features,
                "parameters": module.parameters(scenario.rank),
            }
            for module in layout.modules
        ],
        "trained_in_full": [
            {"name": name, "parameters": parameters}
            for name, parameters in count_trained_in_full(layout).items()
        ],
        "trained_tokens": [
            {"name": name, "parameters": parameters}
            for name, parameters in count_trained_tokens(layout).items()
        ],
        **_warnings(layout),
    }


def checkpoint(scenario: Scenario, ask: Ask = compute) -> dict[str, Any]:
    """Exact sizes in bytes of the adapter, the full model and the optimizer state.

    `converted_adapter_bytes` is the adapter's file where it began as a part of W (PiSSA, OLoRA)
    and was converted for the base's own weights: it then has twice the rank. Full fine-tuning
    saves no adapter: its `adapter_bytes` is null. So is `optimizer_bytes` for
    8-bit AdamW, whose file is bitsandbytes' own.
    """
    adapts = scenario.trains_adapter
    files = ask(ask_for.model_files_of(scenario))
    return {
        "model": scenario.model,
        "method": scenario.method,
        "adapter_bytes": _adapter_bytes(scenario, ask) if adapts else None,
        "converted_adapter_bytes": _converted_bytes(scenario, ask),
        "full_model_bytes": sum(file.bytes for file in files),
        "full_model_files": len(files),
        "optimizer_bytes": _optimizer_bytes(scenario, ask),
        **_warnings_of(scenario, ask),
    }


def memory(scenario: Scenario, ask: Ask = compute) -> dict[str, Any]:
    """What one training step takes of a GPU: a real step, run without data or weights.

    `peak_allocated_bytes` is what torch.cuda.max_memory_allocated would say; `breakdown` are its
    parts; the libraries in `software` ran the step. Of several cards (`--world-size`) all numbers
    are those of one, the fullest. `needs_bytes` is held against the card's
    memory: the peak, what the allocator reserves beyond it, and an assumed CUDA context.
    `batches` are those of texts whose lengths were given: the longest decides on the peak.
    """
    report = _simulated(scenario, ask)
    return {
        "model": scenario.model,
        "method": scenario.method,
        "cards": scenario.world_size,
        "sharding": scenario.sharding if scenario.world_size > 1 else None,
        **_loop(scenario),
        "peak_allocated_bytes": report.peak_allocated,
        "peak_reserved_bytes": {"low": report.reserved_low, "high": report.reserved_high},
        "peak_phase": report.peak_phase,
        "phases": report.phases,
        "breakdown": report.breakdown,
        "paged_optimizer_bytes": report.paged,
        "trainable_parameters": report.trainable_parameters,
        "flops_per_step": report.flops,
        "batches": None if report.batches is None else asdict(report.batches),
        **_needs(report, scenario.card),
        "seconds_per_step": step_seconds(report, scenario),
        "software": report.software,
        **_warnings_of(scenario, ask),
    }


def _loop(scenario: Scenario) -> dict[str, Any]:
    """For which training loop and formats a step's numbers are."""
    return {
        "base_dtype": scenario.base_dtype,
        "training_loop": scenario.loop,
        "mixed_precision": scenario.autocast,
    }


def fit(scenario: Scenario, ask: Ask = compute) -> dict[str, Any]:
    """The largest batch at this sequence length, and the longest sequence at this batch, that fit.

    `needs_bytes` is what a step at this batch and length needs, as `memory` answers it.
    `largest_…` is where PyTorch's default allocator has room after an assumed CUDA context,
    `largest_…_tight` where expandable segments have; 0 where not even 1 does. Each is searched
    with simulated steps and simulated itself. `limited_by` is card, context or setting.
    """

    def simulate(wanted: Scenario) -> MemoryReport:
        return _simulated(wanted, ask)

    context = ask(ask_for.architecture_of(scenario)).context_length
    batch = largest(scenario, "batch_size", simulate, context)
    length = largest(scenario, "seq_len", simulate, context)
    return {
        "model": scenario.model,
        "method": scenario.method,
        "cards": scenario.world_size,
        "sharding": scenario.sharding if scenario.world_size > 1 else None,
        **_loop(scenario),
        **_needs(_simulated(scenario, ask), scenario.card),
        "batch_size": scenario.batch_size,
        "seq_len": scenario.seq_len,
        "largest_batch_size": batch.value,
        "largest_batch_size_tight": batch.tight_value,
        "batch_size_limited_by": batch.limited_by,
        "largest_seq_len": length.value,
        "largest_seq_len_tight": length.tight_value,
        "seq_len_limited_by": length.limited_by,
        "context_length": context,
        **_warnings_of(scenario, ask),
    }


def enough_cards(scenario: Scenario, ask: Ask = compute) -> dict[str, Any]:
    """The fewest of the scenario's cards, up to 64, on which its step fits, by FSDP2 and by ZeRO-3.

    Each is searched with simulated steps; null where 64 are too few, or where this way cannot train
    it, for the reason in `refused`. `batch_size` is each card's own.
    """

    def simulate(wanted: Scenario) -> MemoryReport:
        return _simulated(wanted, ask)

    fewest: dict[str, int | None] = {}
    refused: dict[str, str] = {}
    for sharding in SPLITTING:
        try:
            memory_bytes = scenario.card.memory_bytes
            fewest[sharding] = fewest_cards(scenario, sharding, memory_bytes, simulate).count
        except UserError as error:
            fewest[sharding], refused[sharding] = None, str(error)
    return {
        "model": scenario.model,
        "method": scenario.method,
        "gpu": scenario.card.name,
        "gpu_memory_bytes": scenario.card.memory_bytes,
        "batch_size": scenario.batch_size,
        "seq_len": scenario.seq_len,
        "most_tried": MOST_TRIED,
        "fewest_cards": fewest,
        "refused": refused,
        **_warnings_of(scenario, ask),
    }


def _layout(scenario: Scenario, ask: Ask) -> AdapterLayout:
    return ask(ask_for.adapter_of(scenario))


def _warnings_of(scenario: Scenario, ask: Ask) -> dict[str, list[str]]:
    """The warnings that belong to every number of a scenario; full fine-tuning has no targets."""
    return _warnings(_layout(scenario, ask)) if scenario.trains_adapter else NO_WARNINGS


def _warnings(layout: AdapterLayout) -> dict[str, list[str]]:
    """What a person should know about the targets, and the names of those that match nothing."""
    unmatched = [one.name for one in layout.warnings if one.kind == "unmatched"]
    return {
        "unmatched_targets": unmatched,
        "warnings": [
            str(one)
            for one in (*sentences_of_numbers(layout.warnings), *other_sentences(layout.warnings))
        ],
    }


def _needs(report: MemoryReport, card: Card) -> dict[str, Any]:
    """The number that is held against the card's memory, its parts, and whether it fits."""
    return {
        "needs_bytes": report.needs.total,
        "needs_parts": {
            "peak_allocated": report.needs.allocated,
            "reserved_beyond": report.needs.reserved_beyond,
            "cuda_context": report.needs.context,
        },
        "gpu": card.name,
        "gpu_memory_bytes": card.memory_bytes,
        "cuda_context_bytes": report.needs.context,
        "verdict": verdict(report, card.memory_bytes),
    }


def _simulated(scenario: Scenario, ask: Ask) -> MemoryReport:
    return ask(ask_for.step_of(scenario))


def _optimizer_bytes(scenario: Scenario, ask: Ask) -> int | None:
    """The optimizer state's file; None for one that is not in torch's form, and not sized here."""
    if not OPTIMIZERS[scenario.optimizer].state_is_torchs:
        return None
    layout = ask(ask_for.optimizer_of(scenario))
    return optimizer_bytes(layout, scenario.rank, *scenario.file_dtypes)


def _adapter_bytes(scenario: Scenario, ask: Ask) -> int:
    layout = _layout(scenario, ask)
    return adapter_bytes(layout, scenario.rank, *scenario.file_dtypes)


def _converted_bytes(scenario: Scenario, ask: Ask) -> int | None:
    """The file that PEFT converts for the base's own weights; None where there is none."""
    if not (scenario.trains_adapter and scenario.init_lora_weights in CONVERTED):
        return None
    return converted_bytes(_layout(scenario, ask), scenario.rank, scenario.adapter_dtype)


def _count_full(scenario: Scenario, ask: Ask) -> dict[str, Any]:
    architecture = ask(ask_for.architecture_of(scenario))
    total = architecture.total_parameters
    return {
        "model": scenario.model,
        "method": scenario.method,
        "total_parameters": total,
        "trainable_parameters": total,
        "trainable_percent": 100.0,
        "total_parameters_with_adapter": total,
        "peft_trainable_percent": 100.0,
        "modules": [
            {
                "name": layer.name,
                "in_features": layer.in_features,
                "out_features": layer.out_features,
                "parameters": layer.parameters,
            }
            for layer in architecture.layers
        ],
        "trained_in_full": [],
        "trained_tokens": [],
        **NO_WARNINGS,
    }
