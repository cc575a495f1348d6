"""Target names in full and cut to their last part, which may match more layers than was meant."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lora_viz.adapter.layout import AdapterLayout, AdapterTensor
from lora_viz.choices.scenario import Scenario
from lora_viz.models.hub_names import usual_targets


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
    usual = usual_targets(scenario.model)
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


def _plain(tensor: AdapterTensor) -> str:
    """A base tensor's name, whether or not its layer is adapted."""
    return tensor.name.replace(".base_layer", "")
