"""Layer map: the whole model from embedding to head, one block opened, layers to press."""

import streamlit as st

from lora_viz.figures.wording.names import method_name, model_name
from lora_viz.i18n import _
from lora_viz.layer_map.tree import build_layer_tree
from lora_viz.ui.kit import asking, controls, page
from lora_viz.ui.layer_map.map import choose_block, layer_map
from lora_viz.ui.layer_map.words import LayerMapWords, sources
from lora_viz.ui.session import state

scenario = state.scenario()
architecture, layout = asking.architecture(), asking.adapter_layout()
tree = build_layer_tree(architecture, layout)

page.headline(
    "layer_map",
    _("Every layer of the model, and which of them get an A and a B. Click one to change that."),
    f"{model_name(scenario.model)} · {method_name(scenario.method)} · r = {scenario.rank}",
)
at = page.areas()
with at.controls:
    opened = choose_block(architecture.blocks)
    controls.rank()
    controls.several("target_modules", asking.known_targets())
words = LayerMapWords(scenario, architecture, layout, tree, tree.group_of(opened))
with at.picture:
    layer_map(tree, opened, scenario)
    words.legend()
with at.number:
    words.key_number()
with at.side, st.container(border=True):
    words.where_lora_is()
    for note in words.notes():
        st.caption(note)
page.tabs(formula=words.formula, table=words.table, why=words.why, sources=sources)
