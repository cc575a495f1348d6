"""What the closing summary says next to its bars: memory in training, and quality."""

from __future__ import annotations

import streamlit as st

from lora_viz.choices.scenario import Scenario
from lora_viz.figures.wording.needs import needs_of
from lora_viz.format import grouped, size
from lora_viz.i18n import _
from lora_viz.training.sweeps.findings import read_sweep, recorded_sweep, spreads
from lora_viz.ui.kit.literal import as_markdown
from lora_viz.ui.memory.answers import known_steps_of_both
from lora_viz.ui.page_list import file_of
from lora_viz.ui.summary.pairs import less


def memory(scenario: Scenario) -> None:
    """What a step of full fine-tuning and of LoRA needs, if both were simulated before."""
    full, lora = known_steps_of_both(scenario)
    st.markdown(f"**{_('Memory in training')}**")
    if full and lora:
        st.markdown(
            _(
                "A step of %(batch)s × %(length)s tokens, simulated: full fine-tuning needs "
                "%(full)s, LoRA %(lora)s on %(card)s"
            )
            % {
                "batch": grouped(scenario.batch_size),
                "length": grouped(scenario.seq_len),
                "full": size(full.needs.total),
                "lora": f"{needs_of(lora, scenario.card.memory_bytes)}, "
                f"**{less(full.needs.total, lora.needs.total)}**",
                "card": as_markdown(scenario.card.name),
            }
        )
    else:
        st.markdown(_("This step has not been simulated yet; the Memory page does that."))
    st.page_link(file_of("memory"), label=_("Memory"))


def quality() -> None:
    """What the recorded sweep measured, said to be recorded and of which model."""
    st.markdown(f"**{_('Quality')}**")
    sweep = recorded_sweep("style")
    losses = spreads(read_sweep(sweep), lambda run: run.held_out) if sweep else []
    ranked = [entry for entry in losses if entry.rank is not None]
    if ranked:
        st.markdown(
            _(
                "Held-out loss of tiny-gpt2 in the shipped sweep: %(low)s at r = %(lowest)s, "
                "%(high)s at r = %(highest)s (nats per token). Only training on your own task "
                "can measure it for your task."
            )
            % {
                "low": f"{ranked[0].median:.2f}",
                "lowest": ranked[0].rank,
                "high": f"{ranked[-1].median:.2f}",
                "highest": ranked[-1].rank,
            }
        )
    st.page_link(file_of("rank"), label=_("Rank"))
