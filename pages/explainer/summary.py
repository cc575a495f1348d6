"""Summary: the explainer's closing picture, from live figures."""

import streamlit as st

from lora_viz.adapter.layout import lora_parameters
from lora_viz.explainer import quotes
from lora_viz.figures.summary_bars import Pair, before_after_bars
from lora_viz.figures.wording.names import model_name
from lora_viz.format import grouped, percent
from lora_viz.i18n import _
from lora_viz.ui.charts.chart import chart
from lora_viz.ui.checkpoints.answers import sizes_by_rank
from lora_viz.ui.kit import asking, controls, latex, page
from lora_viz.ui.kit.layer_picker import default_layer
from lora_viz.ui.page_list import file_of
from lora_viz.ui.session import state
from lora_viz.ui.summary import words
from lora_viz.ui.summary.pairs import summary_pairs

scenario = state.scenario()
architecture = asking.architecture()
layout = asking.adapter_layout()
layer = architecture.layer(default_layer(architecture, layout))
sizes_at = sizes_by_rank(scenario)


def pairs_at(rank: int) -> list[Pair]:
    """What is compared, at a rank."""
    at_rank = scenario.changed(rank=rank)
    return summary_pairs(at_rank, architecture, layer, layout, sizes_at(rank))


pairs = pairs_at(scenario.rank)
trainable = layout.trainable_parameters(scenario.rank)
frozen = 1 - trainable / architecture.total_parameters

page.headline(
    "summary",
    _("What LoRA makes small, and what it leaves as it is: each pair of bars has its own scale."),
    f"{model_name(scenario.model)} · {layer.name} · r = {scenario.rank}",
)
at = page.areas()
with at.picture:
    chart(
        before_after_bars(pairs),
        "summary",
        _("Full fine-tuning and LoRA in pairs of bars"),
        at_rank=lambda rank: before_after_bars(pairs_at(rank)),
    )
    st.caption(_("Within a pair, equal lengths are equal numbers. The pairs have different units."))
with at.number:
    page.key_number(
        percent(frozen),
        _("of the model stays frozen ❄; %s parameters are trained 🔥") % grouped(trainable),
    )
with at.controls:
    controls.rank()
with at.side:
    with st.container(border=True):
        words.memory(scenario)
    with st.container(border=True):
        words.quality()


def formula() -> None:
    """B × A in place of ΔW, with the numbers put in."""
    inside, outside, rank = layer.in_features, layer.out_features, scenario.rank
    st.latex(
        rf"{latex.UPDATE}: {inside} \cdot {outside} = {inside * outside:,}"
        rf"\;\longrightarrow\; {latex.B}{latex.A}: "
        rf"{rank} \cdot ({inside} + {outside}) = {lora_parameters(inside, outside, rank):,}"
    )


def table() -> None:
    """The pairs as rows."""
    page.table(
        [
            {
                _("Comparison"): pair.name,
                _("Before"): pair.before_words,
                _("With LoRA"): pair.after_words,
            }
            for pair in pairs
        ],
        "summary",
    )


def why() -> None:
    """What a presenter can say."""
    st.markdown(
        _(
            "A large matrix ΔW is taken apart into two small ones, B and A. What is trained and "
            "what is stored for each task shrinks with them; the base model W stays whole, in "
            "memory and on disk, and every task shares it."
        )
    )


def sources() -> None:
    """Where the figures come from."""
    st.markdown(
        _(
            "The explainer closes with %(all)s → %(trained)s parameters, %(full_file)s → "
            "%(adapter_file)s, %(full_memory)s → %(lora_memory)s and a perplexity %(perplexity)s "
            "lower (quoted). Its settings and the recomputed figures are on the audit page."
        )
        % {
            "all": quotes.TOTAL_MILLIONS.words,
            "trained": quotes.TRAINED_MILLIONS.words,
            "full_file": quotes.FULL_FILE.words,
            "adapter_file": quotes.ADAPTER_FILE.words,
            "full_memory": quotes.FULL_PEAK.words,
            "lora_memory": quotes.MEASURED_VRAM.words,
            "perplexity": quotes.END_PERPLEXITY.words,
        }
    )
    st.page_link(file_of("audit"), label=_("Audit"))


page.tabs(formula=formula, table=table, why=why, sources=sources)
