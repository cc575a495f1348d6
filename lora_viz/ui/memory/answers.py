"""What the memory page asks the workers: simulated steps, by method and with one thing changed."""

from __future__ import annotations

from lora_viz.choices.scenario import Scenario
from lora_viz.choices.targets import ALL_LINEAR
from lora_viz.errors import UserError
from lora_viz.figures.wording.names import method_name, model_name
from lora_viz.format import grouped
from lora_viz.i18n import _
from lora_viz.memory.report import MemoryReport
from lora_viz.models.hub_names import usual_targets
from lora_viz.questions import ask_for, kept
from lora_viz.ui.kit.asking import answer_or_reason


def step_of(scenario: Scenario) -> MemoryReport | UserError:
    """One simulated step of a scenario, or why there is none."""
    message = _("Simulating a training step of %(model)s by %(method)s, %(batch)s × %(length)s …")
    return answer_or_reason(
        message
        % {
            "model": model_name(scenario.model),
            "method": method_name(scenario.method),
            "batch": grouped(scenario.batch_size),
            "length": grouped(scenario.seq_len),
        },
        ask_for.step_of(scenario),
    )


def step_quietly(scenario: Scenario) -> MemoryReport | UserError:
    """The same without a message, for work that says itself how far it is."""
    try:
        return kept.ask(ask_for.step_of(scenario))
    except UserError as error:
        return error


def known_step(scenario: Scenario) -> MemoryReport | None:
    """The step of a scenario if it needs no further simulation."""
    return kept.known(ask_for.step_of(scenario))


def is_known(scenario: Scenario) -> bool:
    """Whether the step of a scenario needs no further simulation."""
    return known_step(scenario) is not None


def known_steps_of_both(scenario: Scenario) -> tuple[MemoryReport | None, MemoryReport | None]:
    """The step by full fine-tuning and that with an adapter, each if it was simulated before."""
    adapted = scenario if scenario.trains_adapter else scenario.changed(method="lora")
    return known_step(scenario.changed(method="full")), known_step(adapted)


def smaller_steps(scenario: Scenario) -> dict[str, Scenario]:
    """What could be changed to need less memory, in words, and the scenario that it gives."""
    steps = {}
    if not scenario.gradient_checkpointing:
        steps[_("Gradient checkpointing")] = scenario.changed(gradient_checkpointing=True)
    elif scenario.offloading == "none":
        steps[_("Checkpoints on the host")] = scenario.changed(offloading="checkpoints")
    if scenario.loss == "full" and scenario.base_dtype != "float32":
        steps[_("A fused loss (Liger)")] = scenario.changed(loss="fused")
    if scenario.seq_len > 1:
        length = scenario.seq_len // 2
        words = _("Half the sequence length (%s)") % grouped(length)
        steps[words] = scenario.changed(seq_len=length)
    if scenario.batch_size > 1:
        batch = scenario.batch_size // 2
        words = _("Half the batch (%s)") % grouped(batch)
        steps[words] = scenario.changed(batch_size=batch)
    if targets := _fewer_targets(scenario):
        words = _("Fewer targets (%s)") % ", ".join(targets)
        steps[words] = scenario.changed(target_modules=targets)
    return steps


def _fewer_targets(scenario: Scenario) -> tuple[str, ...]:
    """The first half of the target modules, or the model's usual ones in place of all linear
    layers; empty where there are no fewer."""
    targets = scenario.target_modules
    if not scenario.trains_adapter:
        return ()
    if targets == (ALL_LINEAR,):
        usual = usual_targets(scenario.model)
        return () if usual == targets else usual
    return targets[: len(targets) // 2]
