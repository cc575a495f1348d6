"""Training process: a real run's snapshots, and the explainer's four epochs as it tells them."""

import streamlit as st

from lora_viz.explainer.epochs import TOLD_EPOCHS, told_epoch
from lora_viz.figures.training_process_epochs import epoch_story, perplexities
from lora_viz.i18n import _
from lora_viz.ui.charts.chart import chart
from lora_viz.ui.kit import asking, controls, page
from lora_viz.ui.runs.words import description
from lora_viz.ui.session import state
from lora_viz.ui.training_process import words
from lora_viz.ui.training_process.player import choose_told_run


def table() -> None:
    """The run's snapshots above the explainer's epochs."""
    st.markdown(f"**{_('The real run')}**")
    told.table()
    st.markdown(f"**{_('The explainer’s epochs')}**")
    words.table()


scenario = state.scenario()
layout = asking.adapter_layout()
epoch = told_epoch(int(state.view().epoch))

at = page.areas()
with at.controls:
    told = choose_told_run()
with at.head:
    page.headline(
        "training_process",
        _("W stays as it is while B and A learn: a real run, then the explainer’s four epochs."),
        description(told.one.settings),
    )
with at.side:
    told.counted()
    told.losses()
with at.picture:
    told.picture()
with at.number:
    told.key_number()

page.section(_("The explainer’s four epochs"))
at = page.areas("-epochs")
with at.picture:
    st.caption(
        _(
            "Quoted from the explainer, §7: states ━ ░ ▒ ▓ █ in its words, losses, "
            "perplexities. Nothing here was measured by this app; only exp(loss) is computed."
        )
    )
    chart(
        epoch_story(TOLD_EPOCHS, epoch.epoch),
        "document-epochs",
        _("The states of A and B over the explainer's epochs"),
    )
    chart(
        perplexities(TOLD_EPOCHS, epoch.epoch),
        "document-perplexities",
        _("Loss and perplexity over the explainer's epochs"),
    )
    st.caption(_("Loss: mean cross-entropy in nats per token. Perplexity has no unit."))
with at.number:
    words.key_number(epoch)
with at.controls:
    controls.options("epoch")
with at.side:
    words.why_they_differ(epoch)
    words.trained_and_frozen(layout, scenario)

page.tabs(
    formula=lambda: words.formula(epoch),
    table=table,
    why=words.why,
    sources=words.sources,
)
