"""Questions about where a step is highest, and what is there when it is over."""

from __future__ import annotations

from lora_viz.format import size
from lora_viz.i18n import N_, Message
from lora_viz.memory.timeline import LASTING
from lora_viz.quiz.asking import to_choose
from lora_viz.quiz.facts import KnownFacts
from lora_viz.quiz.prediction import Prediction

PHASE_NAMES = {
    "forward": N_("In the forward pass"),
    "backward": N_("In the backward pass"),
    "optimizer": N_("In the optimizer's step"),
}
STAYS = ("weights", "quantization", "adapter", "modules_to_save", *LASTING)


def highest_phase(facts: KnownFacts) -> Prediction | None:
    """In which phase a step has most on the card."""
    report = facts.steps.get(facts.scenario.method)
    if report is None:
        return None
    others = [phase for phase in PHASE_NAMES if phase != report.peak_phase]
    return to_choose(
        "highest-phase",
        Message(N_("A run most often fails where its step is highest. Where is yours?")),
        "words",
        Message(PHASE_NAMES[report.peak_phase]),
        tuple(
            (
                Message(PHASE_NAMES[phase]),
                Message(N_("The most that is allocated there is %s."), size(report.phases[phase])),
            )
            for phase in others
        ),
        Message(N_("The peak of %s is there."), size(report.peak_allocated)),
    )


def left_between_steps(facts: KnownFacts) -> Prediction | None:
    """What is still allocated when a step is over."""
    report = facts.steps.get(facts.scenario.method)
    if report is None:
        return None
    there = report.breakdown
    stays = sum(there.get(kind, 0) for kind in STAYS)
    return to_choose(
        "left-between-steps",
        Message(
            N_(
                "Your step has %s at its peak. How much of that is still there when the step is "
                "over and the gradients are gone?"
            ),
            size(report.peak_allocated),
        ),
        "bytes",
        stays,
        (
            (
                report.peak_allocated,
                Message(N_("Activations, logits and gradients are freed by then.")),
            ),
            (
                there.get("weights", 0),
                Message(N_("The adapter, the optimizer's state and workspaces stay as well.")),
            ),
            (
                report.peak_allocated - stays,
                Message(N_("That is what goes: activations, logits, gradients and temporaries.")),
            ),
        ),
        Message(
            N_(
                "Weights, adapter, optimizer state and workspaces: %s. All else comes with each "
                "batch, and grows with its tokens."
            ),
            size(stays),
        ),
    )
