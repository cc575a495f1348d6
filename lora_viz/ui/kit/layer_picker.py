"""The layer that a page looks at: any linear layer of the model, at first an adapted one."""

from __future__ import annotations

from lora_viz.adapter.counts import default_layer
from lora_viz.adapter.layout import AdapterLayout
from lora_viz.i18n import _
from lora_viz.models.architecture import Architecture, Layer
from lora_viz.ui.kit import controls
from lora_viz.ui.kit.messages import show_warning
from lora_viz.ui.session import state


def choose_layer(architecture: Architecture, layout: AdapterLayout) -> Layer:
    """Draw the list of layers and return the chosen one."""
    layers = {layer.name: layer for layer in architecture.linear_layers()}
    default = default_layer(architecture, layout)
    if state.view().layer and state.view().layer not in layers:
        show_warning(_("This model has no layer “%s”; another one is shown.") % state.view().layer)
        state.update(layer="")
    controls.select(
        "layer", tuple(layers), words=lambda name: described(layers[name]), if_empty=default
    )
    return layers[state.view().layer or default]


def described(layer: Layer) -> str:
    """A layer's name with its sizes: `h.0.attn.c_proj 768 → 768`."""
    return f"{layer.name} {layer.in_features} → {layer.out_features}"
