"""What the training lab says in its tabs: the formula with a run's numbers, its table, and why."""

from __future__ import annotations

import math

import streamlit as st

from lora_viz.i18n import _
from lora_viz.training.perplexity import LARGEST_PLAIN, perplexity
from lora_viz.training.runs.events import EvaluationEvent
from lora_viz.training.runs.metrics_table import metric_rows
from lora_viz.training.settings import TrainingSettings
from lora_viz.ui.kit import latex, page
from lora_viz.ui.runs.read import RecordedRun


def before_the_first_run() -> None:
    """What the picture will show, where there is no run yet."""
    st.markdown(f"**{_('No run yet')}**")
    st.markdown(
        _(
            "Click the start button. The model is loaded in a separate process, the data is "
            "tokenised, and the base model is measured. Then A and B 🔥 are trained step by step "
            "while their curves grow here: training and held-out loss, perplexity, gradient "
            "norm, learning rate and memory."
        )
    )
    st.markdown(
        _(
            "When the run ends it is checked: W ❄ has the same hash as before, the saved "
            "adapter loads to the same answers, and without the adapter the base model answers "
            "as before."
        )
    )


def formula(one: RecordedRun | None, settings: TrainingSettings) -> None:
    """Loss and perplexity with the newest numbers, and how the learning rate moves."""
    lines = [
        r"\text{loss} = -\tfrac{1}{N} \sum_{t=1}^{N} \ln p(x_t \mid x_{<t})",
        r"\text{perplexity} = \exp(\text{loss})",
    ]
    evaluations = (
        [event for event in one.events if isinstance(event, EvaluationEvent)] if one else []
    )
    held_out = [event for event in evaluations if event.part == "held_out"]
    if held_out:
        last = held_out[-1]
        lines.append(
            rf"\exp({_plain(last.loss)}) {_exponential(last.loss)}, \allowbreak\quad "
            rf"N = {last.tokens:,}"
        )
    shown = one.settings if one else settings
    lines.append(
        rf"\eta_{{\max}} = {shown.learning_rate:g}, \allowbreak\quad \text{{{shown.schedule}}}, "
        rf"\allowbreak\quad \text{{{_('warm-up')}}}: {shown.warmup_steps}"
    )
    latex.lines(*lines)
    st.caption(_("The held-out loss is a mean over N tokens that were not trained on."))


def table(one: RecordedRun | None) -> None:
    """Every recorded step."""
    if one is None or not one.events:
        st.caption(_("There is no run yet."))
        return
    rows = [
        {name: value for name, value in row.items() if value is not None}
        for row in metric_rows(one.events)
    ]
    if rows:
        page.table(rows, f"{one.run.name}-steps")


def why() -> None:
    """What to say about it in front of an audience."""
    points = (
        _(
            "The training loss is of the batch just seen. The held-out loss is of text that is "
            "never trained on. When the first falls and the second does not, the model "
            "memorises."
        ),
        _(
            "The base weights are hashed before and after. W ❄ is the same bytes: all that was "
            "learned is in A and B 🔥."
        ),
        _(
            "Choices, such as when to stop, are made on the validation part; the held-out part is "
            "only reported."
        ),
        _(
            "The job is a separate process: you can close this page, and find the run again "
            "when you come back."
        ),
    )
    st.markdown("\n".join(f"- {point}" for point in points))


def sources() -> None:
    """Where data, model and methods come from."""
    points = (
        _(
            "Training: `transformers.Trainer` with PEFT's adapter. You can run the same job "
            "from a terminal with `python -m lora_viz train`."
        ),
        _(
            "Perplexity as exp of the mean cross-entropy: "
            "[transformers](https://huggingface.co/docs/transformers/perplexity)."
        ),
        _(
            "The style task is public-domain drama, and this project wrote the questions. "
            "Source and licence are in the same folder as the files, `lora_viz/data/tasks`."
        ),
        _("The estimated time comes from a recorded run; without one, no time is shown."),
    )
    st.markdown("\n".join(f"- {point}" for point in points))


def _exponential(loss: float) -> str:
    """= exp(loss) in LaTeX, or what it is larger than."""
    value = perplexity(loss)
    return "> 10^{308}" if math.isinf(value) else f"= {_plain(value, 2)}"


def _plain(value: float, digits: int = 4) -> str:
    """A number in LaTeX; one of more than six digits as a power of ten."""
    if not math.isfinite(value):
        return rf"\text{{{value}}}"
    if abs(value) < LARGEST_PLAIN:
        return f"{value:.{digits}f}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return rf"{mantissa} \times 10^{{{int(exponent)}}}"
