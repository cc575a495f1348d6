"""The memory page's bars and rows: what each method keeps, in words."""

from __future__ import annotations

from lora_viz.figures.colours import Meaning
from lora_viz.format import grouped
from lora_viz.i18n import _
from lora_viz.training_state import TrainingState
from lora_viz.ui.sidebar import METHODS


def pieces(state: TrainingState) -> list[tuple[Meaning, str, int]]:
    """A bar's pieces from the bottom up, without the empty ones."""
    trained: tuple[Meaning, str, int] = ("update", _("Trained weights"), state.weights)
    frozen: tuple[Meaning, str, int] = ("frozen", _("Frozen weights"), state.weights)
    everything: list[tuple[Meaning, str, int]] = [
        trained if state.method == "full" else frozen,
        ("quantization", _("Quantization constants"), state.quantization),
        ("B", _("Adapter (A and B)"), state.adapter),
        ("gradient", _("Gradients"), state.gradients),
        ("optimizer", _("Optimizer state"), state.optimizer),
    ]
    return [piece for piece in everything if piece[2]]


def rows(states: list[TrainingState]) -> list[dict[str, str]]:
    """One table row a method, exact bytes; activations are said to be missing."""
    return [
        {
            _("Method"): METHODS[state.method],
            _("Weights (B)"): grouped(state.weights),
            _("Quantization constants (B)"): grouped(state.quantization),
            _("Adapter (B)"): grouped(state.adapter),
            _("Gradients (B)"): grouped(state.gradients),
            _("Optimizer state (B)"): grouped(state.optimizer),
            _("Activations"): _("not estimated yet"),
            _("Total without activations (B)"): grouped(state.total),
        }
        for state in states
    ]
