"""Start: what this is, the idea of LoRA as a picture, and three ways in."""

import streamlit as st

from lora_viz.adapter.counts import default_layer
from lora_viz.adapter.layout import lora_parameters, scaling
from lora_viz.figures.start_idea import lora_idea
from lora_viz.figures.wording.names import model_name
from lora_viz.format import grouped, percent
from lora_viz.i18n import _
from lora_viz.ui.kit import asking, controls, page
from lora_viz.ui.kit.svg_picture import WIDTHS, svg_picture
from lora_viz.ui.session import state
from lora_viz.ui.tour.ways_in import three_ways_in

scenario = state.scenario()
architecture = asking.architecture()
layout = asking.adapter_layout()
layer = architecture.layer(default_layer(architecture, layout))
trainable = layout.trainable_parameters(scenario.rank)

page.headline(
    "start",
    _(
        "LoRA leaves a language model's weights W frozen ❄ and trains two thin matrices, A and B "
        "🔥, next to them. Every number here is computed live, for the model, rank and layers that "
        "you choose. Move the rank and see what changes."
    ),
    f"{model_name(scenario.model)} · {layer.name} · r = {scenario.rank}",
)
at = page.areas()
with at.picture:
    scale = scaling(scenario.rank, scenario.alpha, scenario.rslora)
    sizes = (layer.in_features, layer.out_features, scenario.rank)
    svg_picture([lora_idea(*sizes, scale, width) for width in WIDTHS], "idea")
    st.caption(
        _(
            "Drawn to scale: equal areas are equal numbers of parameters. x is what the layer "
            "reads and h what it passes on. The rank r = %(rank)s is the width of A and B. Their "
            "product is multiplied by %(ratio)s = %(scale)s."
        )
        % {
            "rank": scenario.rank,
            "ratio": "alpha / √r" if scenario.rslora else "alpha / r",
            "scale": f"{scale:.3g}",
        }
    )
with at.number:
    page.key_number(
        percent(trainable / layout.total_parameters, 3),
        _("of the model is trained: %(trainable)s of %(total)s parameters")
        % {"trainable": grouped(trainable), "total": grouped(layout.total_parameters)},
    )
    of_layer = lora_parameters(layer.in_features, layer.out_features, scenario.rank)
    st.caption(
        _(
            "In the layer that is drawn, A and B have %(adapter)s parameters, %(share)s of W's "
            "%(full)s."
        )
        % {
            "adapter": grouped(of_layer),
            "share": percent(of_layer / (layer.in_features * layer.out_features)),
            "full": grouped(layer.in_features * layer.out_features),
        }
    )
with at.controls:
    controls.rank()
with at.side:
    three_ways_in()
