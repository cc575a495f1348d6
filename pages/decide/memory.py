"""Memory: what training keeps by each method, against the chosen card."""

import streamlit as st

from lora_viz.figures.memory_bars import memory_bars
from lora_viz.format import binary_size, percent, size
from lora_viz.hardware import gpus
from lora_viz.i18n import _
from lora_viz.training_state import training_state
from lora_viz.ui import asking, controls, page, state
from lora_viz.ui.memory_columns import pieces, rows
from lora_viz.ui.sidebar import METHODS, model_name

scenario = state.scenario()
architecture, layout = asking.architecture(), asking.adapter_layout()
states = {method: training_state(method, scenario, architecture, layout) for method in METHODS}
full, lora, chosen = states["full"], states["lora"], states[scenario.method]

page.headline(
    _("Memory"),
    _(
        "Full fine-tuning keeps a gradient and two moments for every weight, LoRA only for A and "
        "B: see what is left, and what stays."
    ),
    f"{model_name(scenario.model)} · {METHODS[scenario.method]} · r = {scenario.rank}",
)
picture, side = page.picture_and_controls()
with picture:
    st.caption(_("Before any data: without activations, which depend on the batch. To scale."))
    page.figure(
        memory_bars(
            {METHODS[method]: pieces(state) for method, state in states.items()},
            (scenario.gpu, gpus()[scenario.gpu]),
        ),
        "memory",
    )
with side:
    page.key_number(
        size(chosen.total),
        _("kept by %(method)s before any data, of %(card)s's %(memory)s")
        % {
            "method": METHODS[scenario.method],
            "card": scenario.gpu,
            "memory": binary_size(gpus()[scenario.gpu]),
        },
    )
    with st.container(border=True):
        controls.options("method", words=lambda method: METHODS[method])
        controls.select("gpu", tuple(gpus()))
        controls.slider("rank", highest=256)
    with st.container(border=True):
        st.markdown(
            f"**{_('Activations')}** · "
            + _(
                "not estimated yet. They come on top for every method alike, and often are the "
                "largest part; the explainer assumes 500 MB for both (quoted)."
            )
        )
        st.markdown(
            _(
                "Without them LoRA takes **%(less)s less** than full fine-tuning: the frozen ❄ W "
                "stays."
            )
            % {"less": percent(1 - lora.total / full.total, 1)}
        )


def formula() -> None:
    """Weights, gradients and moments with the numbers put in."""
    st.latex(
        rf"\text{{Full}}: {_latex(full.weights)}"
        rf" + \textcolor{{#009E73}}{{{_latex(full.gradients)}}}"
        rf" + \textcolor{{#7A68B3}}{{{_latex(full.optimizer)}}} = {_latex(full.total)}"
    )
    st.latex(
        rf"\text{{LoRA}}: \textcolor{{#4C86B5}}{{{_latex(lora.weights)}}}"
        rf" + \textcolor{{#D55E00}}{{{_latex(lora.adapter)}}}"
        rf" + \textcolor{{#009E73}}{{{_latex(lora.gradients)}}}"
        rf" + \textcolor{{#7A68B3}}{{{_latex(lora.optimizer)}}} = {_latex(lora.total)}"
    )


def _latex(value: int) -> str:
    return rf"\text{{{size(value)}}}"


def why() -> None:
    """What a presenter can say."""
    st.markdown(
        _(
            "Gradients and moments are what LoRA saves: %(saved)s here. The weights stay, unless "
            "QLoRA packs them into 4 bits: %(weights)s become %(packed)s."
        )
        % {
            "saved": size(full.gradients + full.optimizer - lora.gradients - lora.optimizer),
            "weights": size(lora.weights),
            "packed": size(states["qlora"].weights + states["qlora"].quantization),
        }
    )


def sources() -> None:
    """What the figures rest on, and what they leave out."""
    st.markdown(
        _(
            "AdamW keeps two moments for each trained value (Kingma and Ba 2014). QLoRA: half a "
            "byte a value and a float32 constant for each 64 values of the blocks' linear layers, "
            "without double quantization (Dettmers et al. 2023). Left out: activations, the CUDA "
            "context, and what the allocator reserves."
        )
    )


page.tabs(
    formula=formula,
    table=lambda: page.table(rows(list(states.values())), "memory"),
    why=why,
    sources=sources,
)
