"""What the page "Layer map" says next to its picture and below it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import streamlit as st

from lora_viz.adapter.counts import count_kinds, count_model, count_trained_in_full
from lora_viz.adapter.layout import AdapterLayout, lora_parameters
from lora_viz.adapter.warning_words import other_sentences
from lora_viz.choices.scenario import Scenario
from lora_viz.figures.layer_map.card import make_card, written
from lora_viz.figures.layer_map.column import place
from lora_viz.figures.wording.names import architecture_name
from lora_viz.format import grouped, percent
from lora_viz.i18n import _, plural
from lora_viz.layer_map.mapped_layer import MappedLayer
from lora_viz.layer_map.tree import BlockGroup, LayerTree, Stack
from lora_viz.models.architecture import Architecture
from lora_viz.models.layer_kinds import LayerKinds
from lora_viz.ui.kit import page
from lora_viz.ui.kit.literal import as_code, as_markdown
from lora_viz.ui.parameters import words


@dataclass(frozen=True)
class LayerMapWords:
    """The words for one model with its adapter; `group` holds the opened block and its equals."""

    scenario: Scenario
    architecture: Architecture
    layout: AdapterLayout
    tree: LayerTree
    group: BlockGroup | None

    def key_number(self) -> None:
        """The share of the model that is trained."""
        words.key_number(count_model(self.layout, self.scenario.rank), self.scenario)

    def legend(self) -> None:
        """What the signs, the frames and the small rectangles mean."""
        st.caption(
            _(
                "❄ frozen, 🔥 trained. **Click a layer** to add or remove LoRA; click a stack of "
                "blocks to open it. Dashed: computed, without weights. Boxes are not to scale; "
                "the blue rectangles are W (out high, in wide), drawn to one scale within the "
                "block."
            )
        )

    def where_lora_is(self) -> None:
        """The opened block's layers, adapted ones with what they add in all equal blocks."""
        if self.group is None:
            return
        layers = self.group.first.layers
        title = _("Where LoRA is in this block")
        if len(self.group.names) > 1:
            title = _("Where LoRA is in %s equal blocks") % len(self.group.names)
        lines = [self._adapted_line(layer) for layer in layers if layer.adapters]
        rest = ", ".join(as_code(layer.label) for layer in layers if not layer.adapters)
        st.caption("  \n".join([f"**{title}**", *lines, *([f"❄ {rest}"] if rest else [])]))

    def notes(self) -> Iterator[str]:
        """Sentences that only some models and settings need."""
        if not self.scenario.trains_adapter:
            yield _(
                "The method chosen is full fine-tuning, which trains every box. "
                "The map shows what LoRA would train."
            )
        turned = next((one for one in self.architecture.layers if one.kind == "Conv1D"), None)
        if turned:
            yield _(
                "**Stored the other way round.** The layers of this model’s blocks are "
                "`Conv1D`, which stores W as (in × out): %(stored)s for %(name)s, where the "
                "explainer writes (out × in): %(shape)s. A is still r × in and B out × r; PEFT "
                "calls the difference `fan_in_fan_out`."
            ) % {
                "stored": written(turned.weight_shape),
                "name": as_code(turned.module_type),
                "shape": written(turned.weight_shape[::-1]),
            }
        if in_full := count_trained_in_full(self.layout):
            yield _(
                "**Trained in full.** PEFT trains and saves a copy of the head: %(layers)s, "
                "%(count)s parameters at any rank. The original stays frozen."
            ) % {
                "layers": ", ".join(as_code(name) for name in in_full),
                "count": grouped(sum(in_full.values())),
            }
        for sentence in other_sentences(self.layout.warnings):
            yield f"⚠ {as_markdown(sentence)}"

    def formula(self) -> None:
        """What A and B of each adapted kind of layer hold, and their sum."""
        rank = self.scenario.rank
        kinds = count_kinds(self.layout, rank)
        words.formula(kinds, count_model(self.layout, rank), self.layout, rank)

    def table(self) -> None:
        """One row for each layer of the map."""
        rows = [self._row(*placed) for placed in self._placed_layers()]
        page.table(rows, "layer-map", **words.number_columns(rows))

    def why(self) -> None:
        """What to say about it in front of an audience, in numbers of this scenario."""
        points = [
            plural(
                "%(family)s is %(blocks)s block of layers, so one name in the target modules "
                "puts one adapter in it.",
                "%(family)s is %(blocks)s blocks of the same layers, so one name in the target "
                "modules puts one adapter in every block.",
                len(self.architecture.blocks),
            )
            % {
                "family": as_markdown(architecture_name(self.architecture)),
                "blocks": len(self.architecture.blocks),
            },
            *self._shares_of_parts(),
            *self._next_layer(),
            *self._ambiguous_ends(),
            _(
                "Attention itself, the softmax of queries and keys, has no weights: LoRA changes "
                "the projections before and after it."
            ),
        ]
        st.markdown("\n".join(f"- {point}" for point in points))

    def _adapted_line(self, layer: MappedLayer) -> str:
        assert self.group is not None
        copies = layer.copies * len(self.group.names)
        each = layer.added_parameters(self.scenario.rank)
        name, all_added = as_code(layer.label), grouped(copies * each)
        return f"🔥 {name} {copies} × {grouped(each)} = **{all_added}**"

    def _placed_layers(self) -> Iterator[tuple[str, int, MappedLayer]]:
        """Every box of the map: where it is, in how many blocks, and its layer."""
        for item in self.tree.items:
            if isinstance(item, Stack):
                for group in item.groups:
                    for layer in (*group.first.layers, *group.first.small):
                        yield place(item, group), len(group.names), layer
            else:
                yield "", 1, item

    def _row(self, where: str, blocks: int, layer: MappedLayer) -> dict[str, Any]:
        card = make_card(layer, self.scenario.rank)
        return {
            _("Blocks"): where,
            _("Layer"): layer.kind if where else layer.layer.name,
            _("Kind"): layer.layer.kind,
            _("Number"): blocks * layer.copies,
            _("W (out × in)"): written(layer.shape),
            _("Stored"): written(layer.layer.weight_shape),
            _("LoRA"): _in_full_or_lora(layer),
            _("A and B"): ", ".join(line for _role, line in card.adapter),
            _("Parameters each"): layer.layer.parameters,
            _("Added by LoRA"): blocks * layer.copies * layer.added_parameters(self.scenario.rank),
        }

    def _shares_of_parts(self) -> Iterator[str]:
        if self.group is None:
            return
        block = self.group.first
        held = {
            part.role: sum(
                layer.copies * layer.layer.parameters for layer in (*part.inputs, *part.outputs)
            )
            for part in block.parts
        }
        if "feed_forward" in held:
            yield _(
                "The feed-forward network holds %(share)s of a block’s parameters; the "
                "explainer leaves it out and adapts attention alone."
            ) % {"share": percent(held["feed_forward"] / block.parameters, 1)}

    def _next_layer(self) -> Iterator[str]:
        """What the first layer without LoRA would add."""
        if self.group is None:
            return
        linear = (layer for layer in self.group.first.layers if layer.layer.is_linear)
        layer = next((layer for layer in linear if not layer.adapters), None)
        if layer:
            sizes = layer.layer.in_features, layer.layer.out_features
            added = lora_parameters(*sizes, self.scenario.rank)
            blocks = len(self.group.names)
            yield _("Adding %(name)s would add %(blocks)s × %(each)s = %(all)s parameters.") % {
                "name": as_code(layer.label),
                "blocks": blocks,
                "each": grouped(added),
                "all": grouped(blocks * added),
            }

    def _ambiguous_ends(self) -> Iterator[str]:
        """Last parts of names that more than one kind of layer shares."""
        kinds = LayerKinds(self.architecture)
        linear = [kind for kind in kinds.layers if kinds.can_be_named(kind)]
        for end in dict.fromkeys(kind.rpartition(".")[2] for kind in linear):
            if len(matched := kinds.matched_by(end)) > 1:
                yield _(
                    "The short name %(end)s would match %(count)s kinds of layer: %(kinds)s. "
                    "Clicking a layer uses the shortest name that matches only that kind."
                ) % {
                    "end": as_code(end),
                    "count": len(matched),
                    "kinds": ", ".join(as_code(kind) for kind in linear if kind in matched),
                }


def _in_full_or_lora(layer: MappedLayer) -> str:
    if layer.is_trained_in_full:
        return _("🔥 in full")
    return "🔥" if layer.adapters else "❄"


def sources() -> None:
    """Where the layers and the choice of them come from."""
    st.markdown(
        _(
            "- Layers and shapes: the model’s own code in `transformers`, built without weights. "
            "Which belong to attention is read from their names.\n"
            "- What is adapted: `peft`, asked for exactly these target modules. "
            "https://huggingface.co/docs/peft/package_reference/lora\n"
            "- Vaswani et al. 2017, *Attention Is All You Need*: the block. "
            "https://arxiv.org/abs/1706.03762\n"
            "- Hu et al. 2021, *LoRA*, sections 4.2 and 7.1: attention only, and which of its "
            "matrices. https://arxiv.org/abs/2106.09685\n"
            "- Dettmers et al. 2023, *QLoRA*, section 4: LoRA on every linear layer. "
            "https://arxiv.org/abs/2305.14314\n"
            "- `Conv1D`: `transformers.pytorch_utils`, kept from the first GPT."
        )
    )
