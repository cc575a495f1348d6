"""Training process: a real run's snapshots, and the explainer's four epochs as it tells them."""

import streamlit as st

from lora_viz.explainer.epochs import DOCUMENT_EPOCHS, document_epoch
from lora_viz.figures.training_process_epochs import epoch_story, perplexities
from lora_viz.i18n import _
from lora_viz.ui.kit import asking, controls, page
from lora_viz.ui.session import state
from lora_viz.ui.sidebar import METHODS, model_name
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
epoch = document_epoch(int(state.view().epoch))

page.headline(
    _("Training process"),
    _("W stays as it is while B and A learn: a real run, then the explainer’s four epochs."),
    f"{model_name(scenario.model)} · {METHODS[scenario.method]} · r = {scenario.rank}",
)
picture, side = page.picture_and_controls()
with side:
    key = st.container()
    with st.container(border=True):
        told = choose_told_run()
    told.counted()
    told.losses()
with picture:
    told.picture()
with key:
    told.key_number()

st.subheader(_("The explainer’s four epochs"), anchor=False)
picture, side = page.picture_and_controls()
with picture:
    st.caption(
        _(
            "Quoted from the explainer, §7: states ━ ░ ▒ ▓ █ in its words, losses, "
            "perplexities. Nothing here was measured by this app; only exp(loss) is computed."
        )
    )
    page.figure(epoch_story(DOCUMENT_EPOCHS, epoch.epoch), "document-epochs")
    page.figure(perplexities(DOCUMENT_EPOCHS, epoch.epoch), "document-perplexities")
    st.caption(_("Loss: mean cross-entropy in nats per token. Perplexity has no unit."))
with side:
    words.key_number(epoch)
    with st.container(border=True):
        controls.options("epoch")
    words.why_they_differ(epoch)
    words.trained_and_frozen(layout, scenario)

page.tabs(
    formula=lambda: words.formula(epoch),
    table=table,
    why=words.why,
    sources=words.sources,
)
