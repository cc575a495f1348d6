"""A kind of layer added to the target modules or taken from them, all others as they were."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from lora_viz.adapter.counts import layer_of
from lora_viz.adapter.layout import AdapterLayout
from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.i18n import N_
from lora_viz.models.architecture import Architecture
from lora_viz.models.layer_kinds import LayerKinds, layer_kind


@dataclass(frozen=True)
class TargetChoice:
    """New target modules; `widened` are kinds that were adapted in some blocks and now in all."""

    targets: tuple[str, ...]
    widened: tuple[str, ...]


def toggle(
    scenario: Scenario, architecture: Architecture, layout: AdapterLayout, kind: str
) -> TargetChoice:
    """Add a kind (`layer_kinds.layer_kind`) to the targets, or remove it if it is adapted.

    Targets that match what is to be removed, and patterns, give way to one name for each of the
    other kinds that they matched; where a kind cannot be named, all become one pattern.

    Raises:
        UserError: PEFT cannot adapt the kind, or it is the only one that is adapted.
    """
    kinds = LayerKinds(architecture)
    adapted = adapted_kinds(architecture, layout)
    if kind in adapted:
        wanted = [other for other in adapted if other != kind]
    elif kinds.can_be_named(kind):
        wanted = [*adapted, kind]
    else:
        raise UserError(N_("PEFT cannot adapt “%s” by its name."), kind)
    if not wanted:
        raise UserError(N_("At least one target module is needed, so “%s” stays."), kind)
    kept = _kept(scenario, kinds, removed=kind if kind in adapted else None)
    covered = {matched for target in kept for matched in kinds.matched_by(target)}
    missing = [other for other in wanted if other not in covered]
    names = kinds.names(missing, among=wanted)
    return TargetChoice(
        targets=(kinds.pattern(wanted),) if names is None else (*kept, *names),
        widened=tuple(other for other in missing if 0 < adapted[other] < len(kinds.layers[other])),
    )


def adapted_kinds(architecture: Architecture, layout: AdapterLayout) -> Counter[str]:
    """How many layers of each kind have an adapter, in the model's order."""
    layers = {layer.name: layer for layer in architecture.layers}
    names = dict.fromkeys(layer_of(module, layers).name for module in layout.modules)
    return Counter(layer_kind(name) for name in names)


def _kept(scenario: Scenario, kinds: LayerKinds, removed: str | None) -> tuple[str, ...]:
    """The listed targets that do not match what is to be removed; nothing of a pattern."""
    if isinstance(scenario.peft_targets, str):
        return ()
    return tuple(
        target
        for target in scenario.target_modules
        if removed is None or removed not in kinds.matched_by(target)
    )
