"""Target names in full and cut to their last part, which may match more layers than was meant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from lora_viz.adapter.layout import AdapterLayout, AdapterTensor, AdapterWarning
from lora_viz.choices.scenario import Scenario
from lora_viz.i18n import N_, Message
from lora_viz.models.catalogue import default_targets


@dataclass(frozen=True)
class TargetNames:
    """Two ways to name the layers to adapt: `full` as attn.c_proj, `short` as c_proj."""

    full: tuple[str, ...]
    short: tuple[str, ...]


def names_to_compare(scenario: Scenario) -> TargetNames | None:
    """The scenario's targets and the same ones shortened, or the model's usual ones if those
    shorten to the scenario's; None where there is nothing to shorten."""
    targets = scenario.target_modules
    if isinstance(scenario.peft_targets, str):
        return None
    if shortened(targets) != targets:
        return TargetNames(targets, shortened(targets))
    usual = default_targets(scenario.model)
    if usual != targets and shortened(usual) == targets:
        return TargetNames(usual, targets)
    return None


def shortened(targets: tuple[str, ...]) -> tuple[str, ...]:
    """Each name's last part, once: ("c_attn", "attn.c_proj") → ("c_attn", "c_proj").

    A name that ends in a number stays: the number alone would match whole blocks.
    """
    last_parts = (target.rpartition(".")[2] for target in targets)
    pairs = zip(last_parts, targets, strict=True)
    return tuple(dict.fromkeys(target if last.isdigit() else last for last, target in pairs))


def only_in(layout: AdapterLayout, other: AdapterLayout) -> AdapterLayout:
    """`layout` with just those of its modules and trained base tensors that `other` lacks."""
    modules = {module.name for module in other.modules}
    trained = {_plain(tensor) for tensor in other.base_tensors if tensor.trainable}
    return replace(
        layout,
        modules=tuple(module for module in layout.modules if module.name not in modules),
        base_tensors=tuple(
            tensor
            for tensor in layout.base_tensors
            if tensor.trainable and _plain(tensor) not in trained
        ),
    )


def unmatched_sentence(warnings: Iterable[AdapterWarning]) -> Message | None:
    """Which targets match no layer; None where all match one."""
    unmatched = [warning for warning in warnings if warning.kind == "unmatched"]
    if not unmatched:
        return None
    return Message(
        N_(
            "No layer matches %(targets)s, so only the other targets get an adapter; this model "
            "has %(kinds)s."
        ),
        targets=", ".join(f"“{warning.name}”" for warning in unmatched),
        kinds=", ".join(unmatched[0].kinds),
    )


def other_sentences(warnings: Iterable[AdapterWarning]) -> list[Message]:
    """The other warnings, which change no number's meaning."""
    return [_other_sentence(warning) for warning in warnings if warning.kind != "unmatched"]


def _other_sentence(warning: AdapterWarning) -> Message:
    if warning.kind == "frozen_head":
        return Message(
            N_(
                "PEFT does not train the head of %s on its own: it only knows classifier, score "
                "and qa_outputs."
            ),
            warning.name,
        )
    return Message(
        N_("“%(target)s” matches %(count)s kinds of layer: %(kinds)s."),
        target=warning.name,
        count=len(warning.kinds),
        kinds=", ".join(warning.kinds),
    )


def _plain(tensor: AdapterTensor) -> str:
    """A base tensor's name, whether or not its layer is adapted."""
    return tensor.name.replace(".base_layer", "")
