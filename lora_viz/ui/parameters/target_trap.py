"""The trap in target names: PEFT matches ends of names, so a short one may match more layers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import streamlit as st

from lora_viz.adapter.counts import Count, ModuleKind, count_kinds, count_layers, most_adapted_block
from lora_viz.adapter.layout import AdapterLayout
from lora_viz.adapter.target_names import TargetNames, names_to_compare, only_in, other_sentences
from lora_viz.choices.scenario import Scenario
from lora_viz.choices.targets import ALL_LINEAR
from lora_viz.figures.parameters_block import BlockLayer, block_targets
from lora_viz.figures.wording.counted import adapter_segments, weight_segment
from lora_viz.format import grouped, percent
from lora_viz.i18n import _
from lora_viz.models.architecture import Architecture, Layer
from lora_viz.ui.charts.chart import chart
from lora_viz.ui.kit import asking, controls
from lora_viz.ui.kit.literal import as_code, as_markdown
from lora_viz.ui.parameters.bars import legend
from lora_viz.ui.session import state


@dataclass(frozen=True)
class Trap:
    """Full and short target names that match different layers, and what each of them gives."""

    names: TargetNames
    full: AdapterLayout
    short: AdapterLayout

    @property
    def extra(self) -> AdapterLayout:
        """What only the short names match."""
        return only_in(self.short, self.full)


def find_trap() -> Trap | None:
    """Ask PEFT for both ways to name the scenario's targets; None if they match the same layers."""
    names = names_to_compare(state.scenario())
    if names is None:
        return None
    trap = Trap(names, asking.adapter_layout(names.full), asking.adapter_layout(names.short))
    return trap if trap.extra.modules else None


def shown_layout(trap: Trap | None) -> AdapterLayout:
    """The scenario's adapter, or the one of its shortened targets while the switch is on."""
    if trap and state.view().short_target:
        return trap.short
    return asking.adapter_layout()


def switch(trap: Trap | None) -> None:
    """The switch between full and short names, if the scenario's are the full ones."""
    if trap and state.scenario().target_modules == trap.names.full:
        controls.toggle("short_target")
        is_short = state.view().short_target
        names = trap.names.full if is_short else trap.names.short
        layout = trap.full if is_short else trap.short
        st.caption(
            _("%(names)s would give %(count)s parameters.")
            % {
                "names": _code(name for name in names if name not in _same(trap.names)),
                "count": grouped(layout.trainable_parameters(state.scenario().rank)),
            }
        )


def block_picture(
    trap: Trap | None, architecture: Architecture, layout: AdapterLayout, scenario: Scenario
) -> None:
    """One block with the matched layers lit."""
    block = most_adapted_block(layout)
    if block is None:
        st.caption(_("The adapted layers are outside the model's blocks."))
        return
    st.caption(
        _(
            "The layers of one block, %(block)s, to scale, and what is trained in each. "
            "🔥: matched by %(targets)s. ❄: not matched."
        )
        % {"block": as_code(block), "targets": _code(_shown_names(trap, scenario))}
    )
    extra = {module.name for module in trap.extra.modules} if trap else set()

    def layers_at(rank: int) -> list[BlockLayer]:
        return [
            _block_layer(layer, count, layer.name in extra, scenario)
            for layer, count in count_layers(architecture, layout, rank, block)
        ]

    drawn = layers_at(scenario.rank)
    adapter = next(layer.adapter for layer in drawn if layer.adapter)
    legend("frozen", "❄ W", adapter)
    chart(
        block_targets(drawn),
        "block-targets",
        _("The layers of a block, and which are adapted"),
        at_rank=lambda rank: block_targets(layers_at(rank)),
    )


def story(trap: Trap | None, layout: AdapterLayout, scenario: Scenario) -> None:
    """A card that says what the names match and what each kind of layer adds."""
    with st.container(border=True):
        st.markdown(f"**{_('Which layers a name matches')}**")
        st.markdown(_explanation(trap, layout, scenario))
        _sum_of_kinds(count_kinds(layout, scenario.rank))
        for sentence in other_sentences(layout.warnings):
            st.caption(f"⚠ {as_markdown(sentence)}")


def _block_layer(layer: Layer, count: Count, only_short: bool, scenario: Scenario) -> BlockLayer:
    part, _dot, name = layer.module_type.rpartition(".")
    return BlockLayer(
        part=part,
        name=name,
        shape=f"{grouped(layer.in_features)} → {grouped(layer.out_features)}"
        if layer.is_linear
        else _("%s parameters") % grouped(layer.parameters),
        weight=weight_segment("frozen", "W", count.full, scenario),
        adapter=adapter_segments(count, scenario),
        only_short=only_short and bool(count.parts),
    )


def _explanation(trap: Trap | None, layout: AdapterLayout, scenario: Scenario) -> str:
    if trap is None:
        return _no_trap(scenario, any(one.kind == "ambiguous" for one in layout.warnings))
    full, short = (layout.trainable_parameters(scenario.rank) for layout in (trap.full, trap.short))
    extra = count_kinds(trap.extra, scenario.rank)
    sentences = [
        _("PEFT compares the **ends** of names. %(short)s also matches %(extra)s:")
        % {
            "short": _code(name for name in trap.names.short if name not in _same(trap.names)),
            "extra": _code(kind.name for kind in extra),
        },
        _addition(full, extra, short),
    ]
    if _is_the_explainers(trap, scenario):
        sentences.append(_explainers_count(trap))
    return "\n\n".join(sentences)


def _no_trap(scenario: Scenario, is_warned: bool) -> str:
    if scenario.peft_targets == ALL_LINEAR:
        return _("PEFT adapts every linear layer but the model's head, whatever its name.")
    if isinstance(scenario.peft_targets, str):
        return _("The target is a pattern, which PEFT compares with whole names.")
    if is_warned:
        return _(
            "PEFT compares the **ends** of names and adapts every layer that matches. Write "
            "more of a name to match fewer layers."
        )
    return _(
        "PEFT compares the **ends** of names. Here the last part of each target name matches no "
        "more layers than the whole name does, so there is nothing to mix up."
    )


def _addition(full: int, extra: list[ModuleKind], short: int) -> str:
    """`442,368 + 12 × 30,720 = 811,008`"""
    added = " + ".join(f"{kind.modules} × {grouped(kind.one.trainable)}" for kind in extra)
    return f"**`{grouped(full)} + {added} = {grouped(short)}`**"


def _is_the_explainers(trap: Trap, scenario: Scenario) -> bool:
    """Whether the adapter is the explainer's but for its rank and its targets' short names."""
    default = Scenario()
    same = all(
        getattr(scenario, field) == getattr(default, field) for field in ("model", "bias", "dora")
    )
    return same and trap.names.full == default.target_modules


def _explainers_count(trap: Trap) -> str:
    rank = Scenario().rank
    full, short = (layout.trainable_parameters(rank) for layout in (trap.full, trap.short))
    return _(
        "At r = %(rank)s the explainer's §5 counts %(short)s (%(share)s), which is what the "
        "short name gives. Its §4 and §6 say that the feed-forward network has no LoRA: that "
        "adapter has %(full)s."
    ) % {
        "rank": rank,
        "short": grouped(short),
        "share": percent(short / trap.short.total_parameters),
        "full": grouped(full),
    }


def _sum_of_kinds(kinds: list[ModuleKind]) -> None:
    st.caption(
        "  \n".join(
            f"{as_code(kind.name)} {kind.modules} × {grouped(kind.one.trainable)} "
            f"= {grouped(kind.trainable)}"
            for kind in kinds
        )
    )


def _shown_names(trap: Trap | None, scenario: Scenario) -> tuple[str, ...]:
    on = trap and state.view().short_target
    return trap.names.short if trap and on else scenario.target_modules


def _same(names: TargetNames) -> set[str]:
    """The names that are as short as they can be."""
    return set(names.full) & set(names.short)


def _code(names: Iterable[str]) -> str:
    return ", ".join(map(as_code, names))
