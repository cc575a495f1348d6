"""Decomposition: ΔW as B times A, drawn to scale, and a ΔW rebuilt at rank r."""

import streamlit as st

from lora_viz.figures.wording.names import architecture_name
from lora_viz.format import grouped
from lora_viz.i18n import _
from lora_viz.ui.decomposition.rebuild import ask_rebuild
from lora_viz.ui.decomposition.shapes import Shapes
from lora_viz.ui.decomposition.trained import (
    TrainedUpdates,
    ask_trained_rebuild,
    choose_trained_layer,
)
from lora_viz.ui.kit import asking, controls, page
from lora_viz.ui.kit.layer_picker import choose_layer
from lora_viz.ui.session import state


def sources() -> None:
    """Where the method and the bounds come from."""
    st.markdown(
        _(
            "- Hu et al. 2021, *LoRA: Low-Rank Adaptation of Large Language Models*, section 4.1: "
            "ΔW = BA, A starts Gaussian, B at zero. https://arxiv.org/abs/2106.09685\n"
            "- Aghajanyan et al. 2020, *Intrinsic Dimensionality Explains the Effectiveness of "
            "Language Model Fine-Tuning*: why a low rank may do. https://arxiv.org/abs/2012.13255\n"
            "- Eckart and Young 1936, *The approximation of one matrix by another of lower rank*, "
            "Psychometrika 1: the truncated SVD is the best that rank r can do.\n"
            "- Halko, Martinsson and Tropp 2011, *Finding structure with randomness*: fitting in "
            "turn from a random start is subspace iteration. https://arxiv.org/abs/0909.4061"
        )
    )


scenario, view = state.scenario(), state.view()
architecture, layout = asking.architecture(), asking.adapter_layout()
names = {"shapes": _("Shapes to scale"), "rebuild": _("Rebuild a ΔW")}
sources_of_update = {"synthetic": _("Synthetic"), "trained": _("Real, from a run")}

at = page.areas()
with at.picture:
    controls.options("decomposition", words=lambda name: names[name])
with at.controls:
    controls.rank()
    if view.decomposition == "rebuild":
        controls.options("update_source", words=lambda name: sources_of_update[name])
    if view.decomposition == "rebuild" and view.update_source == "trained":
        of = choose_trained_layer()
        label, name = of.model, of.layer
    else:
        of = choose_layer(architecture, layout)
        label, name = architecture_name(architecture), of.name
scenario, view = state.scenario(), state.view()

with at.picture:
    if isinstance(of, TrainedUpdates):
        shown = ask_trained_rebuild(of, scenario, view)
    elif view.decomposition == "rebuild":
        shown = ask_rebuild(of, scenario, view)
    else:
        adapted = next((module for module in layout.modules if module.name == of.name), None)
        largest = max(
            architecture.linear_layers(), key=lambda one: one.in_features * one.out_features
        )
        shown = Shapes(of, adapted, largest, scenario)
    shown.picture()
with at.head:
    kicker = f"{label} · {name} · r = {grouped(scenario.rank)}"
    page.headline("decomposition", shown.sentence(), kicker)
with at.number:
    shown.key_number()
with at.side:
    shown.cards()
page.tabs(formula=shown.formula, table=shown.table, why=shown.why, sources=sources)
