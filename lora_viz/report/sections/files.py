"""What a run saves: the adapter's file, the whole model's, the optimizer's state."""

from __future__ import annotations

from collections.abc import Callable

from lora_viz.checkpoint.parts import CheckpointSizes, checkpoint_sizes
from lora_viz.checkpoint.sizes import OptimizerLayout
from lora_viz.choices.optimizers import whose_file_is_torchs
from lora_viz.choices.scenario import Scenario
from lora_viz.figures.checkpoints_bars import one_run_figure
from lora_viz.figures.kit.colours import colour
from lora_viz.format import grouped, percent, size
from lora_viz.i18n import _
from lora_viz.questions.ask_for import adapter_of, model_files_of, optimizer_of
from lora_viz.questions.question import Ask
from lora_viz.report.facts import Chart, Section, Series, Table


def files(scenario: Scenario, ask: Ask) -> Section:
    """The page “Checkpoints” as a section. Raises `UserError`."""
    sizes = saved_sizes(scenario, ask)
    is_full = not scenario.trains_adapter
    values = {
        "adapter": grouped(sizes.adapter),
        "share": percent(sizes.adapter_share),
        "model": grouped(sizes.model),
        "state": grouped(sizes.model_state),
    }
    words = (
        _(
            "Full fine-tuning saves the whole model, %(model)s B, for every task. To continue "
            "training it also saves %(state)s B of optimizer state. An adapter would be "
            "%(adapter)s B."
        )
        if is_full
        else _("adapter file, %(adapter)s B: %(share)s of the full model's %(model)s B")
    )
    lines = {
        _("Full model file"): sizes.model,
        _("Optimizer state"): sizes.model_state,
        _("Adapter file"): sizes.adapter,
        _("Optimizer state of the adapter"): sizes.adapter_state,
    }
    return Section(
        name="checkpoints",
        title=_("What one run saves"),
        number=size(sizes.model if is_full else sizes.adapter),
        meaning=words % values,
        figure=one_run_figure(sizes),
        chart=Chart(
            "bars",
            (_("Full fine-tuning"), _("LoRA")),
            (
                Series(_("Full model file"), colour("update"), (sizes.model, None)),
                Series(_("Adapter file"), colour("B"), (None, sizes.adapter)),
                Series(
                    _("Optimizer state"),
                    colour("optimizer"),
                    (sizes.model_state, sizes.adapter_state),
                ),
            ),
            "bytes",
        ),
        table=Table(
            ("", _("bytes")),
            tuple((name, f"{grouped(count)} B") for name, count in lines.items()),
        ),
        sources=(_("Counts and file sizes: PEFT's own adapter for your model, at every rank."),),
    )


def saved_sizes(scenario: Scenario, ask: Ask) -> CheckpointSizes:
    """The sizes of a scenario's checkpoints, by full fine-tuning and with its adapter."""
    return saved_sizes_by_rank(scenario, ask)(scenario.rank)


def saved_sizes_by_rank(scenario: Scenario, ask: Ask) -> Callable[[int], CheckpointSizes]:
    """The same sizes at any rank; what they follow from is asked at once."""
    files = tuple(file.bytes for file in ask(model_files_of(scenario)))
    full = _optimizer(scenario.changed(method="full"), ask)
    adapter = ask(adapter_of(scenario))
    lora = _optimizer(scenario.changed(method="lora"), ask)

    def at(rank: int) -> CheckpointSizes:
        dtypes = scenario.adapter_dtype, scenario.base_dtype
        return checkpoint_sizes(files, full, adapter, lora, rank, *dtypes)

    return at


def _optimizer(scenario: Scenario, ask: Ask) -> OptimizerLayout:
    """The optimizer's state of what the scenario trains.

    For 8-bit moments, whose file is bitsandbytes' own, it is AdamW's.
    """
    file_is = whose_file_is_torchs(scenario.optimizer).name
    return ask(optimizer_of(scenario.changed(optimizer=file_is)))
