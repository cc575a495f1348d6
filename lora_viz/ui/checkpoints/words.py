"""What the checkpoint page says in cards, formulas, a table and sources."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from lora_viz.checkpoint.parts import CheckpointSizes, FilePart
from lora_viz.choices.scenario import Scenario
from lora_viz.costs.many_tasks import TaskStorage
from lora_viz.explainer import quotes
from lora_viz.figures.checkpoints_bars import ROLE_MEANINGS
from lora_viz.format import binary_size, grouped, percent, size
from lora_viz.i18n import _, plural
from lora_viz.ui.checkpoints.answers import sizes_for
from lora_viz.ui.kit import latex, page

LINE_BITS_PER_SECOND = 100e6


def key_number(sizes: CheckpointSizes, scenario: Scenario) -> None:
    """The size of what is handed on: the adapter file, or by full fine-tuning the whole model."""
    values = {
        "adapter": grouped(sizes.adapter),
        "share": percent(sizes.adapter_share),
        "model": grouped(sizes.model),
        "state": grouped(sizes.model_state),
    }
    if not scenario.trains_adapter:
        words = _(
            "Full fine-tuning saves the whole model, %(model)s B, for every task. To continue "
            "training it also saves %(state)s B of optimizer state. An adapter would be "
            "%(adapter)s B."
        )
        page.key_number(size(sizes.model), words % values)
    else:
        words = _("adapter file, %(adapter)s B: %(share)s of the full model's %(model)s B")
        page.key_number(size(sizes.adapter), words % values)


def tasks_card(storage: TaskStorage, scenario: Scenario) -> None:
    """The bill for N tasks with the current sizes, and what is special about the scenario."""
    values = {
        "tasks": grouped(storage.tasks),
        "base": size(storage.base),
        "adapter": size(storage.adapter),
        "shared": size(storage.shared),
        "full": size(storage.full_models),
        "change": percent(abs(storage.saved), 1),
        "word": _("less") if storage.saved >= 0 else _("more"),
    }
    with st.container(border=True):
        st.markdown(
            _(
                "**%(base)s + %(tasks)s × %(adapter)s = %(shared)s** against "
                "%(tasks)s × %(base)s = %(full)s: %(change)s %(word)s."
            )
            % values
        )
        for note in _notes(scenario):
            st.caption(note)


def formula(sizes: CheckpointSizes, storage: TaskStorage) -> None:
    """The adapter file, its optimizer state and the bill for N tasks, with the numbers put in."""
    tasks, model = grouped(storage.tasks), latex.number(sizes.model)
    moments = latex.coloured("optimizer", latex.number(sizes.adapter_moments))
    rest = latex.number(sizes.adapter_state - sizes.adapter_moments)
    base = latex.coloured("frozen", model)
    adapters = rf"{storage.tasks} \cdot {latex.number(sizes.adapter)}"
    lines = (
        _line(_("adapter file"), " + ".join(map(_part, sizes.adapter_parts)), sizes.adapter),
        _line(_("optimizer state"), f"{moments} + {rest}", sizes.adapter_state),
        _line(
            plural("one base, %s adapter", "one base, %s adapters", storage.tasks) % tasks,
            f"{base} + {adapters}",
            storage.shared,
        ),
        _line(
            plural("%s full model", "%s full models", storage.tasks) % tasks,
            rf"{storage.tasks} \cdot {model}",
            storage.full_models,
        ),
    )
    latex.lines(*lines)
    st.caption(
        _(
            "First line: values × bytes of one, then the header, which names each tensor. "
            "Second line: the optimizer's moments, then what else the file needs: a step "
            "counter for each tensor, names, and zeros that align each tensor to 64 bytes."
        )
    )


def table(scenario: Scenario) -> None:
    """The three number formats, each for base and adapter alike, and the chosen pair if mixed."""
    chosen = (scenario.base_dtype, scenario.adapter_dtype)
    pairs = [chosen, *((dtype, dtype) for dtype in Scenario.options("base_dtype"))]
    rows = [_table_row(scenario, *pair) for pair in dict.fromkeys(pairs)]
    digits = st.column_config.NumberColumn(format="localized")
    numbers = [name for name, value in rows[0].items() if isinstance(value, int)]
    page.table(rows, "checkpoints", **dict.fromkeys(numbers, digits))


def why(sizes: CheckpointSizes, storage: TaskStorage) -> None:
    """What a presenter can say, with the current sizes."""
    points = (
        _(
            "One base stays on the disk and in the GPU's memory; a task is a file of "
            "%(adapter)s (%(adapter_binary)s). To switch tasks, swap that file."
        ),
        _(
            "On a line of 100 Mbit/s the full model takes %(model_seconds)s, the adapter "
            "%(adapter_seconds)s."
        ),
        _(
            "An adapter is not a model: to use it, people also need the same base, %(model)s. "
            "For one task that is %(adapter)s more than full fine-tuning stores."
        ),
        _when_it_pays(storage),
        _(
            "The optimizer state (%(state)s) is only needed to continue training. The "
            "explainer's %(quoted)s includes it; the file you share does not."
        ),
        _(
            "Quoted from Hu et al. 2021, §4.2: for GPT-3 at r = 4 the checkpoint shrinks from "
            "350 GB to 35 MB."
        ),
    )
    values = {
        "adapter": size(sizes.adapter),
        "adapter_binary": binary_size(sizes.adapter),
        "model": size(sizes.model),
        "model_seconds": _seconds(sizes.model),
        "adapter_seconds": _seconds(sizes.adapter),
        "state": size(sizes.adapter_state),
        "quoted": quotes.ADAPTER_FILE.words,
    }
    st.markdown("\n".join(f"- {point % values}" for point in points))


def sources() -> None:
    """Which formats and which programs the sizes come from, and what is only quoted."""
    for source in (
        _(
            "safetensors, format of the model's and the adapter's file: "
            "[huggingface.co](https://huggingface.co/docs/safetensors/index#format)"
        ),
        _(
            "PEFT, what `adapter_model.safetensors` holds: "
            "[huggingface.co](https://huggingface.co/docs/peft/developer_guides/checkpoint)"
        ),
        _(
            "PyTorch, the zip file of `optimizer.pt`: "
            "[docs.pytorch.org](https://docs.pytorch.org/docs/stable/notes/serialization.html)"
        ),
        _(
            "Checked to the byte against files that `PeftModel.save_pretrained` and "
            "`transformers.Trainer` write on a CPU. From a GPU `optimizer.pt` can differ by up to "
            "64 bytes, because it names another device."
        ),
        _(
            "Quoted, not computed: the file of GPT-2 small on the hub has 548 MB, because it "
            "also stores causal-mask buffers, which are not weights; `save_pretrained` leaves "
            "them out: [huggingface.co](https://huggingface.co/openai-community/gpt2/tree/main)"
        ),
        _(
            "Quoted: Hu et al. 2021, *LoRA: Low-Rank Adaptation of Large Language Models*: "
            "[arXiv:2106.09685](https://arxiv.org/abs/2106.09685)"
        ),
    ):
        st.markdown(f"- {source}")


def _notes(scenario: Scenario) -> Iterator[str]:
    if not scenario.trains_adapter:
        yield _("Your method is full fine-tuning; LoRA is shown at rank %(rank)s.") % {
            "rank": scenario.rank
        }
    if scenario.is_quantized:
        yield _(
            "QLoRA turns the base into 4 bits when it is loaded; on the disk it is counted as "
            "%(dtype)s."
        ) % {"dtype": scenario.base_dtype}


def _when_it_pays(storage: TaskStorage) -> str:
    if storage.pays_from is None:
        return _("This adapter is as large as the model: it does not pay for any number of tasks.")
    return plural(
        "From %s task on, one base with adapters takes less than full models.",
        "From %s tasks on, one base with adapters takes less than full models.",
        storage.pays_from,
    ) % grouped(storage.pays_from)


def _table_row(scenario: Scenario, base_dtype: str, adapter_dtype: str) -> dict[str, str | int]:
    sizes = sizes_for(scenario.changed(base_dtype=base_dtype, adapter_dtype=adapter_dtype))
    return {
        _("Base"): base_dtype,
        _("Adapter"): adapter_dtype,
        _("Full: model (B)"): sizes.model,
        _("Full: files"): sizes.model_files,
        _("Full: optimizer state (B)"): sizes.model_state,
        _("LoRA: adapter file (B)"): sizes.adapter,
        _("LoRA: optimizer state (B)"): sizes.adapter_state,
        _("Adapter / model"): percent(sizes.adapter_share),
    }


def _line(name: str, terms: str, total: float) -> str:
    return rf"\text{{{name}}} = {terms} = {latex.number(round(total))}\,\text{{B}}"


def _part(part: FilePart) -> str:
    """Values × bytes of one in the colour of their role; the header as one number."""
    meaning = ROLE_MEANINGS.get(part.role)
    if meaning is None:
        return latex.number(part.bytes)
    return rf"{latex.coloured(meaning, latex.number(part.values))} \cdot {part.bytes_per_value}"


def _seconds(number_of_bytes: int) -> str:
    seconds = number_of_bytes * 8 / LINE_BITS_PER_SECOND
    if seconds < 90:
        return _("%.2g seconds") % seconds
    if seconds < 90 * 60:
        return _("%.0f minutes") % (seconds / 60)
    return _("%.1f hours") % (seconds / 3600)
