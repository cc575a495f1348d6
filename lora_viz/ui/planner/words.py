"""What the planner says in its tabs."""

from __future__ import annotations

import streamlit as st

from lora_viz.choices.scenario import Scenario
from lora_viz.figures.wording.sharding import about_sharding
from lora_viz.format import binary_size, size
from lora_viz.i18n import _
from lora_viz.memory.report import CUDA_CONTEXT_BYTES, MemoryReport
from lora_viz.ui.kit import latex
from lora_viz.ui.kit.literal import as_latex
from lora_viz.ui.session.view import View


def note_on_local(view: View) -> None:
    """What of the other models the page's address does not hold."""
    if not view.fits_links("planned_models"):
        st.caption(
            _("A folder of this machine is not in the address: add it again after a reload.")
        )


def formula(report: MemoryReport | None, scenario: Scenario) -> None:
    """When a step fits, with the scenario's numbers."""
    if report:
        latex.lines(
            rf"\text{{{_('allocated')}}} + \text{{{_('reserved beyond')}}} + "
            rf"\text{{{_('CUDA context')}}} = \text{{{size(report.needs.allocated)}}} + "
            rf"\text{{{size(report.needs.reserved_beyond)}}} + "
            rf"\text{{{size(report.needs.context)}}} = \text{{{size(report.needs.total)}}}",
            rf"\text{{{as_latex(scenario.card.name)}: {size(scenario.card.memory_bytes)}}}",
        )
    for sentence in (
        _("✓ A step fits if everything PyTorch's default allocator reserves fits on the card."),
        _(
            "~ It is tight if only what is allocated fits. Set "
            "`PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True`, or hope that the allocator can "
            "give cached memory back."
        ),
        _("✗ It does not fit if even what is allocated is more than the card has."),
    ):
        st.markdown(f"- {sentence}")


def why() -> None:
    """What a planner is for."""
    for sentence in (
        _(
            "You choose a card once, but a batch every day. See first whether weights and "
            "optimizer state fit at all, then how much batch and sequence the rest has room for."
        ),
        _(
            "Where full fine-tuning is out of reach, LoRA removes gradients and moments, and "
            "QLoRA three quarters of the weights in half precision. Neither makes activations "
            "or logits smaller."
        ),
        _(
            "The rank hardly changes a column of the grid. Choose the rank for quality, and the "
            "card for model, batch and sequence."
        ),
    ):
        st.markdown(f"- {sentence}")


def sources() -> None:
    """Where cards, prices and rates come from, and what is assumed."""
    for source in (
        _(
            "Cards: memory, compute capability, peak rates and bandwidth from NVIDIA's data "
            "sheets and architecture white papers. Prices are the manufacturer's at launch, in "
            "US dollars; shop prices today differ. `python -m lora_viz gpus --json` lists them."
        ),
        _("Memory: a simulated step for each column, as on the Memory page."),
        _("Assumed: a CUDA context of %s on every card. A screen on the card takes more.")
        % binary_size(CUDA_CONTEXT_BYTES),
        *about_sharding(),
        _("What several cards send each other is taken to cost no time."),
        _(
            "Utilisation: Chowdhery et al. 2022 (PaLM, table 3) list 21 to 46 % of the peak rate "
            "for large models, [arXiv:2204.02311](https://arxiv.org/abs/2204.02311); 40 % is "
            "assumed until you measure."
        ),
    ):
        st.markdown(f"- {source}")
