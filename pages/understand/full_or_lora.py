"""Full fine-tuning or LoRA: one layer trained both ways, and the bytes that each way keeps."""

import streamlit as st

from lora_viz.adapter.layout import scaling
from lora_viz.costs.one_layer import LayerState, full_state, lora_state
from lora_viz.figures.full_or_lora_bytes import bytes_figure
from lora_viz.figures.full_or_lora_layers import ScalingFactor, full_figure, lora_figure
from lora_viz.figures.kit.base import Figure
from lora_viz.figures.kit.matrices import LayerShape
from lora_viz.figures.wording.names import model_name
from lora_viz.format import grouped, percent, size
from lora_viz.i18n import _
from lora_viz.ui.charts.chart import chart
from lora_viz.ui.full_or_lora.words import formula, notes, reduction, sources, table, why
from lora_viz.ui.kit import asking, controls, page
from lora_viz.ui.kit.layer_picker import choose_layer
from lora_viz.ui.session import state

scenario = state.scenario()
architecture, layout = asking.architecture(), asking.adapter_layout()
at = page.areas()
with at.controls:
    layer = choose_layer(architecture, layout)
    controls.rank()
    controls.toggle("count_frozen")
count_frozen = state.view().count_frozen
full = full_state(layer.in_features, layer.out_features, scenario.base_dtype, scenario.optimizer)
factor_name = "alpha/√r" if scenario.rslora else "alpha/r"


def shape_at(rank: int) -> LayerShape:
    """The layer's sides and the rank."""
    return LayerShape(layer.in_features, layer.out_features, rank)


def lora_at(rank: int) -> LayerState:
    """What training keeps with LoRA at a rank."""
    return lora_state(
        layer.in_features,
        layer.out_features,
        rank,
        base_dtype=scenario.base_dtype,
        adapter_dtype=scenario.adapter_dtype,
        optimizer=scenario.optimizer,
        dora=scenario.dora,
    )


def full_picture_at(rank: int) -> Figure:
    """The layer in full fine-tuning, to the same scale as the layer with LoRA at a rank."""
    return full_figure(shape_at(rank), full)


def lora_picture_at(rank: int) -> Figure:
    """The layer with LoRA at a rank."""
    factor = ScalingFactor(factor_name, scaling(rank, scenario.alpha, scenario.rslora))
    return lora_figure(shape_at(rank), lora_at(rank), factor)


def bytes_at(rank: int) -> Figure:
    """What both ways keep, at a rank."""
    return bytes_figure(full, lora_at(rank), count_frozen)


shape, lora = shape_at(scenario.rank), lora_at(scenario.rank)
change, word = reduction(full, lora, count_frozen)

with at.head:
    page.headline(
        "full_or_lora",
        _("One layer, trained both ways: only what is trained 🔥 needs gradients and moments."),
        f"{model_name(scenario.model)} · {layer.name} · r = {scenario.rank}",
    )
with at.picture:
    left, right = st.columns(2)
    with left:
        trained = _("%(values)s values trained") % {"values": grouped(full.trained_values)}
        st.markdown(f"**{_('Full fine-tuning')}**  \n:small[:gray[{trained}]]")
        picture = full_picture_at(scenario.rank)
        label = _("The layer in full fine-tuning")
        chart(picture, "full-fine-tuning", label, at_rank=full_picture_at)
    with right:
        trained = _("%(values)s values trained (%(share)s)") % {
            "values": grouped(lora.trained_values),
            "share": percent(lora.trained_values / full.trained_values),
        }
        name = _("LoRA with DoRA") if scenario.dora else _("LoRA")
        st.markdown(f"**{name}**  \n:small[:gray[{trained}]]")
        picture = lora_picture_at(scenario.rank)
        chart(picture, "lora", _("The layer with LoRA"), at_rank=lora_picture_at)
    picture = bytes_at(scenario.rank)
    chart(picture, "layer-bytes", _("Bytes that training keeps"), at_rank=bytes_at)
    st.caption(
        _(
            "Drawn to scale: equal areas above are equal numbers of values, equal lengths in the "
            "bars are equal numbers of bytes (MB = 10⁶ B). Lines thinner than a pixel are drawn "
            "one pixel wide."
        )
    )
with at.number:
    sizes = {"full": size(full.total(count_frozen)), "lora": size(lora.total(count_frozen))}
    counted = (
        _("%(word)s memory for this layer, the frozen W counted: %(full)s → %(lora)s")
        if count_frozen
        else _("%(word)s memory for this layer, the frozen W not counted: %(full)s → %(lora)s")
    )
    page.key_number(change, counted % {"word": word, **sizes})
with at.side:
    is_adapted = layer.name in {module.name for module in layout.modules}
    notes(full, lora, scenario, is_adapted)
    page.note_on_other_states()
page.tabs(
    formula=lambda: formula(shape, full, lora),
    table=lambda: table(full, lora),
    why=lambda: why(full, lora),
    sources=sources,
)
