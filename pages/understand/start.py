"""Start: what this is, the idea of LoRA as a picture, and where to go from here."""

import streamlit as st

from lora_viz.adapter.layout import scaling
from lora_viz.figures.start_idea import lora_idea
from lora_viz.format import grouped, percent
from lora_viz.i18n import _
from lora_viz.ui.kit import asking, controls, page
from lora_viz.ui.kit.layer_picker import default_layer
from lora_viz.ui.kit.names import model_name
from lora_viz.ui.kit.svg_picture import WIDTHS, svg_picture
from lora_viz.ui.page_list import file_of
from lora_viz.ui.session import state

scenario = state.scenario()
architecture = asking.architecture()
layout = asking.adapter_layout()
layer = architecture.layer(default_layer(architecture, layout))
trainable = layout.trainable_parameters(scenario.rank)

page.headline(
    _("LoRA, made visible"),
    _(
        "LoRA fine-tunes a language model by leaving its weights W frozen ❄ and training two "
        "thin matrices, A and B 🔥, next to them. Here every diagram and every number of that "
        "idea is computed live, for the model, rank and layers that you choose. Move the rank "
        "and see what changes."
    ),
    f"{model_name(scenario.model)} · {layer.name} · r = {scenario.rank}",
)
picture, side = page.picture_and_controls()
with picture:
    st.caption(_("Drawn to scale: equal areas are equal numbers of parameters"))
    scale = scaling(scenario.rank, scenario.alpha, scenario.rslora)
    sizes = (layer.in_features, layer.out_features, scenario.rank)
    svg_picture([lora_idea(*sizes, scale, width) for width in WIDTHS], "idea")
with side:
    page.key_number(
        percent(trainable / layout.total_parameters, 3),
        _("of the model is trained: %(trainable)s of %(total)s parameters")
        % {"trainable": grouped(trainable), "total": grouped(layout.total_parameters)},
    )
    with st.container(border=True):
        controls.rank()
    with st.container(border=True):
        st.markdown(f"**{_('Where to go from here')}**")
        for path, words in (
            (file_of("full_or_lora"), _("Full or LoRA: what one layer costs")),
            (file_of("decomposition"), _("Decomposition: why B × A is enough")),
            (file_of("parameters"), _("Parameters: the whole model, counted")),
            (file_of("checkpoints"), _("Checkpoints: what ends up on disk")),
        ):
            st.page_link(path, label=words)
