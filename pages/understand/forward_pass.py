"""Forward pass: x through W and through A and B, added up, and the same from the merged weight."""

import streamlit as st

from lora_viz.figures.forward_pass_merged import merged_figure
from lora_viz.figures.forward_pass_steps import forward_figure
from lora_viz.figures.wording.names import model_name
from lora_viz.format import grouped
from lora_viz.forward.samples import MAXIMUM_VALUES, is_too_large
from lora_viz.i18n import _
from lora_viz.questions.ask_for import forward_pass_of
from lora_viz.ui.charts.chart import chart
from lora_viz.ui.forward_pass.formula import formula
from lora_viz.ui.forward_pass.words import ForwardWords
from lora_viz.ui.kit import asking, controls, page
from lora_viz.ui.kit.layer_picker import choose_layer
from lora_viz.ui.kit.messages import show_info
from lora_viz.ui.page_end.stopping import stop_page
from lora_viz.ui.session import state


def sources() -> None:
    """Where the steps come from."""
    st.markdown(
        _(
            "- Hu et al. 2021, *LoRA: Low-Rank Adaptation of Large Language Models*, section 4.1: "
            "h = Wx + BAx, scaled by α/r; merging for inference. https://arxiv.org/abs/2106.09685\n"
            "- Kalajdzievski 2023, *A Rank Stabilization Scaling Factor for Fine-Tuning with "
            "LoRA*: α/√r. https://arxiv.org/abs/2312.03732\n"
            "- Liu et al. 2024, *DoRA: Weight-Decomposed Low-Rank Adaptation*, section 4: the "
            "magnitudes m. https://arxiv.org/abs/2402.09353\n"
            "- PEFT, `peft.tuners.lora.layer.Linear`: the layer that this one is compared to. "
            "https://huggingface.co/docs/peft/package_reference/lora"
        )
    )


def smaller_layers() -> str:
    """Which kinds of layer of this model are not too large, as a sentence."""
    fitting = (
        layer
        for layer in architecture.linear_layers()
        if not is_too_large(layer.in_features, layer.out_features)
    )
    names = ", ".join(dict.fromkeys(layer.module_type for layer in fitting))
    if not names:
        return _("All linear layers of this model are larger; choose another model.")
    return _("Choose one of these: %s.") % names


scenario = state.scenario()
architecture, layout = asking.architecture(), asking.adapter_layout()
step_names = {"1": "1", "2": "2", "3": "3", "all": _("All"), "merged": _("Merged")}
at = page.areas()
with at.controls:
    layer = choose_layer(architecture, layout)
    controls.rank()
    controls.slider("forward_steps")
    for column, field in zip(
        st.columns((5, 4, 4), gap="xsmall"), ("batch_size", "rows_shown", "seed"), strict=True
    ):
        with column:
            controls.number(field)
with at.head:
    page.headline(
        "forward_pass",
        _("What one adapted layer computes: x goes through the frozen W and through A and B."),
        f"{model_name(scenario.model)} · {layer.name} · r = {scenario.rank}",
    )
if is_too_large(layer.in_features, layer.out_features):
    words = _("This layer’s weight has %(values)s values; up to %(most)s are run here.") % {
        "values": grouped(layer.in_features * layer.out_features),
        "most": grouped(MAXIMUM_VALUES),
    }
    with at.picture:
        show_info(f"{words} {smaller_layers()}")
    stop_page()

view = state.view()
passed = asking.answer(
    _("Running the layer in steps, with PEFT and merged …"),
    forward_pass_of(scenario, layer.name, view.forward_steps, view.seed),
)
words = ForwardWords(layer, layout, scenario, view, passed)
with at.picture:
    controls.options("step", words=lambda name: step_names[name])
    if view.step == "merged":
        drawing = merged_figure(passed, view.rows_shown)
    else:
        drawing = forward_figure(passed, view.step, view.rows_shown)
    chart(drawing, "forward-pass", _("The layer's values on the way from x to h"))
    st.caption(words.shared_colours())
    st.caption(words.where_values_come_from())
with at.number:
    words.key_number()
with at.side, st.container(border=True):
    st.markdown(words.story())
    for note in words.notes():
        st.caption(note)
page.tabs(
    formula=lambda: formula(layer, passed, scenario),
    table=words.table,
    why=words.why,
    sources=sources,
)
