"""What is tried out on every trained model, with the libraries that others will use it with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from peft import PeftModel
from torch import Tensor, nn

from lora_viz.adapter.from_peft import ADAPTER
from lora_viz.choices.scenario import Scenario
from lora_viz.i18n import N_, Message
from lora_viz.training.data.tokens import TokenSequence, collate
from lora_viz.training.runs.results import Check
from lora_viz.training.runs.run_folder import Run
from lora_viz.training.work.evaluation import evaluating
from lora_viz.training.work.weight_changes import adapted_layers, low_rank

# Merging rounds W + ΔW once; each of the model's layers may add to it.
ROUNDING_STEPS = 500
CHECKED_SEQUENCES = 2
TAKEN_FROM_BASE = N_("A and B began as a part of W, which was taken out of the base's weights.")


@torch.no_grad()
def logits_of(model: nn.Module, sequences: list[TokenSequence]) -> Tensor:
    """The logits of the first few sequences, (sequences, tokens, vocabulary)."""
    batch = collate(sequences[:CHECKED_SEQUENCES], padding=0)
    del batch["labels"]
    device = next(model.parameters()).device
    with evaluating(model):
        return model(**{name: tensor.to(device) for name, tensor in batch.items()}).logits


def check_adapter_off(
    model: Any, sequences: list[TokenSequence], base_logits: Tensor, scenario: Scenario
) -> Check:
    """With the adapter off, the logits are bit for bit those of the base before training."""
    if scenario.bias != "none":
        return _does_not_apply("adapter_off", Message(N_("The base's biases were trained too.")))
    if scenario.takes_from_base:
        return _does_not_apply("adapter_off", Message(TAKEN_FROM_BASE))
    with model.disable_adapter():
        logits = logits_of(model, sequences)
    return _identical("adapter_off", logits, base_logits)


def check_rank(model: nn.Module) -> Check:
    """No layer's ΔW has a numerical rank above its r."""
    ranks = [
        (int(torch.linalg.matrix_rank(low_rank(layer).delta)), layer.r[ADAPTER])
        for layer in adapted_layers(model).values()
    ]
    return Check(
        name="rank",
        passed=all(rank <= allowed for rank, allowed in ranks),
        measured=max((rank for rank, _allowed in ranks), default=0),
    )


def check_reloaded(
    run: Run,
    load_base: Callable[[], Any],
    sequences: list[TokenSequence],
    trained: Tensor,
    scenario: Scenario,
) -> list[Check]:
    """The saved adapter on a fresh base: loaded by PEFT, then merged into the weights."""
    model: Any = PeftModel.from_pretrained(load_base(), str(run.adapter_folder))
    reloaded = _identical("reloaded", logits_of(model, sequences), trained)
    if scenario.is_quantized:
        note = Message(N_("Merging into 4-bit weights would round them again."))
        return [reloaded, _does_not_apply("merged", note)]
    if scenario.lora_bias and any(
        layer.get_base_layer().bias is None for layer in adapted_layers(model).values()
    ):
        note = Message(N_("A layer without a bias has no place for that of B."))
        return [reloaded, _does_not_apply("merged", note)]
    merged = logits_of(model.merge_and_unload(), sequences)
    return [reloaded, _agrees("merged", merged, trained)]


def check_reloaded_model(
    load: Callable[[], nn.Module], sequences: list[TokenSequence], trained: Tensor
) -> Check:
    """A fully fine-tuned model loads to bit-identical logits."""
    return _identical("reloaded", logits_of(load(), sequences), trained)


def check_base_unchanged(before: str, after: str, scenario: Scenario) -> Check:
    """The base weights have the hash that they had before training."""
    if not scenario.trains_adapter:
        return _does_not_apply(
            "base_unchanged", Message(N_("Full fine-tuning changes the weights."))
        )
    if scenario.bias != "none":
        return _does_not_apply("base_unchanged", Message(N_("The base's biases were trained too.")))
    if scenario.takes_from_base:
        return _does_not_apply("base_unchanged", Message(TAKEN_FROM_BASE))
    return Check(name="base_unchanged", passed=before == after)


def _does_not_apply(name: Any, why: Message) -> Check:
    return Check(name=name, passed=None, note=str(why), note_meaning=why)


def _identical(name: Any, one: Tensor, other: Tensor) -> Check:
    return Check(name=name, passed=torch.equal(one, other), measured=_difference(one, other))


def _agrees(name: Any, one: Tensor, other: Tensor) -> Check:
    """Within rounding, and with the same most likely token everywhere."""
    difference = _difference(one, other)
    allowed = ROUNDING_STEPS * torch.finfo(other.dtype).eps * float(other.abs().max())
    same_tokens = torch.equal(one.argmax(-1), other.argmax(-1))
    return Check(name=name, passed=difference <= allowed and same_tokens, measured=difference)


def _difference(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max())
