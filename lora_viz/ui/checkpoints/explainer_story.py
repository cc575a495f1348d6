"""The story of the explainer's 9.4 MB: a training checkpoint, counted in MiB."""

from __future__ import annotations

import streamlit as st

from lora_viz.explainer.quotes import FILES, RUN
from lora_viz.figures.checkpoints_bars import training_checkpoint_figure
from lora_viz.format import THIN_SPACE, binary_size, grouped, percent, size
from lora_viz.i18n import _
from lora_viz.ui.charts.chart import chart
from lora_viz.ui.checkpoints.answers import sizes_for
from lora_viz.ui.kit import page


def story() -> None:
    """Recompute the explainer's checkpoint and show which convention gives its number."""
    sizes = sizes_for(RUN)
    both = sizes.adapter + sizes.adapter_state
    values = {
        "quoted": f"{FILES.adapter:g}",
        "targets": ", ".join(RUN.target_modules),
        "rank": RUN.rank,
        "adapter": grouped(sizes.adapter),
        "state": grouped(sizes.adapter_state),
        "decimal": size(both),
        "binary": binary_size(both),
        "share": percent(sizes.adapter_share),
        "quoted_share": percent(FILES.adapter / FILES.base),
    }
    page.section(_("Where the explainer's %(quoted)s MB comes from") % values)
    words, picture = st.columns([1, 1], gap="medium")
    with words:
        st.markdown(
            _(
                "Train GPT-2 small with target modules %(targets)s at r = %(rank)s, as the "
                "explainer did. The adapter file has %(adapter)s B. A training checkpoint also "
                "keeps AdamW's state, %(state)s B. Together that is %(decimal)s, or "
                "**%(binary)s**: a folder for continuing training, counted in MiB and labelled "
                "MB."
            )
            % values
        )
        st.markdown(
            _(
                "What you would share is the adapter file alone: **%(share)s** of the full model "
                "instead of %(quoted_share)s."
            )
            % values
        )
        st.markdown(_bill())
    with picture:
        chart(
            training_checkpoint_figure(sizes.adapter_parts, sizes.adapter_state, FILES.adapter),
            "document-checkpoint",
            _("The files of a checkpoint"),
        )
        st.caption(
            _(
                "Drawn to scale; MiB = 2²⁰ B, MB = 10⁶ B. The dotted line is at %(quoted)s MiB, "
                "the explainer's number."
            )
            % values
        )


def _bill() -> str:
    """The explainer's arithmetic for several tasks, and what its number of models counts."""
    return _(
        "For %(tasks)s tasks the explainer calculates %(base)s + %(tasks)s × %(adapter)s = "
        "%(shared)s against %(base)s × %(models)s = %(all)s, %(saved_all)s less. Its %(models)s "
        "counts the base too: %(tasks)s fully fine-tuned models are %(tasks)s × %(base)s = "
        "%(full)s, and the saving is %(saved)s."
    ) % {
        "tasks": FILES.tasks,
        "models": FILES.tasks + 1,
        "base": _megabytes(FILES.base),
        "adapter": _megabytes(FILES.adapter),
        "shared": _megabytes(FILES.shared),
        "all": _megabytes(FILES.full_models_and_base),
        "full": _megabytes(FILES.full_models),
        "saved_all": percent(FILES.saved_counting_base, 0),
        "saved": percent(FILES.saved, 0),
    }


def _megabytes(number: float) -> str:
    return f"{number:,.4g}{THIN_SPACE}MB"
