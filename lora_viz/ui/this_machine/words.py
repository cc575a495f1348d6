"""What the page about this machine says: its GPUs at this moment, and what torch can use."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from lora_viz.errors import UserError
from lora_viz.format import binary_size, grouped, percent, size
from lora_viz.i18n import _
from lora_viz.machine.gpus_here import (
    GPUReading,
    MachineReading,
    read_gpus,
)
from lora_viz.machine.torch_here import TorchReading
from lora_viz.questions import workers
from lora_viz.questions.ask_for import torch_reading_of_worker
from lora_viz.ui.kit import page
from lora_viz.ui.kit.literal import as_html, as_markdown
from lora_viz.ui.kit.messages import show_info, waiting

Value = TypeVar("Value")

SECONDS_BETWEEN_READINGS = 2


@st.cache_data(ttl=SECONDS_BETWEEN_READINGS / 2, show_spinner=False)
def reading_now() -> MachineReading:
    """The GPUs as they are, read once for all readers who look at the same time."""
    return read_gpus()


@st.cache_data(ttl="10m", show_spinner=False)
def _torch_in_a_worker() -> TorchReading:
    return workers.wait_for(workers.submit(torch_reading_of_worker()))


def key_number(reading: MachineReading) -> None:
    """The memory of all GPUs together, or that there is none."""
    sizes = [gpu.total_bytes for gpu in reading.gpus if gpu.total_bytes is not None]
    if not reading.gpus:
        page.key_number("0", _("GPUs that NVML can read here"))
    elif not sizes:
        page.key_number(str(len(reading.gpus)), _("GPUs whose memory NVML does not report"))
    else:
        names = as_html(", ".join(gpu.name for gpu in reading.gpus))
        page.key_number(
            binary_size(sum(sizes)), _("GPU memory in this machine: %(names)s") % {"names": names}
        )


def problem(reading: MachineReading) -> None:
    """Why there is no GPU, or not every one, in one sentence, and what goes on without."""
    if reading.problem:
        show_info(reading.problem)
    if not reading.gpus:
        st.markdown(
            _(
                "Everything else in this app works without a GPU: the simulated step needs none, "
                "and you can plan for any card of the table."
            )
        )
        st.button(_("Look again"), key="look-again", on_click=reading_now.clear)


def gpu_card(gpu: GPUReading) -> None:
    """One GPU: its memory as a bar, and what else its driver tells."""
    st.markdown(f"**{gpu.index}: {as_markdown(gpu.name)}**")
    if gpu.total_bytes and gpu.used_bytes is not None:
        st.progress(
            min(gpu.used_bytes / gpu.total_bytes, 1.0),
            _("used: %(used)s of %(total)s")
            % {"used": binary_size(gpu.used_bytes), "total": binary_size(gpu.total_bytes)},
        )
    else:
        st.caption(_("NVML does not report this card's memory."))
    memory, activity, capability = st.columns(3)
    memory.metric(_("Free memory"), told(gpu.free_bytes, binary_size))
    activity.metric(_("Utilisation"), told(gpu.utilisation, lambda share: percent(share, 0)))
    capability.metric(_("Compute capability"), told(gpu.compute_capability, str))


def torch_sees() -> None:
    """What torch would train on, which only a process that has loaded it can say."""
    try:
        with waiting(_("Asking torch what it sees …")):
            found = _torch_in_a_worker()
    except UserError as error:
        st.caption(as_markdown(error))
        return
    build = _("built for CUDA %s") % found.cuda if found.cuda else _("built without CUDA")
    st.markdown(as_markdown(f"torch {found.version}, {build}"))
    if found.devices:
        for index, name in enumerate(found.devices):
            st.markdown(f"- `cuda:{index}` {as_markdown(name)}")
    elif found.problem:
        st.markdown(as_markdown(_("CUDA does not start: %s.") % found.problem))
    else:
        st.markdown(_("It sees no GPU: here it trains on the CPU."))


def rows(reading: MachineReading) -> list[dict[str, str]]:
    """Exact bytes of each GPU for the table."""
    return [
        {
            _("GPU"): f"{gpu.index}: {gpu.name}",
            _("Total (B)"): told(gpu.total_bytes, grouped),
            _("Used (B)"): told(gpu.used_bytes, grouped),
            _("Free (B)"): told(gpu.free_bytes, grouped),
            _("Total"): told(gpu.total_bytes, size),
            _("Driver"): gpu.driver or _("not reported"),
            _("Compute capability"): told(gpu.compute_capability, str),
            _("Utilisation"): told(gpu.utilisation, lambda share: percent(share, 0)),
        }
        for gpu in reading.gpus
    ]


def told(value: Value | None, words: Callable[[Value], str]) -> str:
    """A value in words; what the driver does not tell is said to be missing."""
    return _("not reported") if value is None else words(value)


def sources() -> None:
    """What the readings mean."""
    for source in (
        _(
            "NVML, the NVIDIA Management Library, reports the memory that all processes take "
            "together, CUDA contexts included. Page tables and firmware take a part of the total "
            "before any process starts."
        ),
        _(
            "Utilisation is the share of the last sample period, up to a second, in which at "
            "least one kernel ran. It does not say how many of the card's units were busy."
        ),
        _(
            "NVML orders GPUs by their PCI bus; torch may number them differently, and sees only "
            "those in `CUDA_VISIBLE_DEVICES`."
        ),
        _("No reading is kept. Each shows this moment on the machine that runs this app."),
    ):
        st.markdown(f"- {source}")
