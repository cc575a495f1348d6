"""The GPUs of this machine: what NVML, the driver's library, reports.

Asking NVML loads neither torch nor CUDA and takes no memory of a GPU. It never fails: what cannot
be read becomes one sentence that says why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeVar

from lora_viz.errors import in_a_sentence, with_its_words
from lora_viz.i18n import N_, Message, joined

Value = TypeVar("Value")


@dataclass(frozen=True)
class GPUReading:
    """One GPU at one moment; what its driver does not tell is None.

    Memory is in bytes and counts what every process takes. `utilisation` is the share of the last
    sample period (up to a second) in which a kernel ran, from 0 to 1. `index` is NVML's, which
    orders GPUs by PCI bus; CUDA's own order may be another.
    """

    index: int
    name: str
    total_bytes: int | None
    used_bytes: int | None
    free_bytes: int | None
    compute_capability: float | None
    utilisation: float | None
    driver: str | None


@dataclass(frozen=True)
class MachineReading:
    """The GPUs that could be read and, if there are none or not all, one sentence why."""

    gpus: tuple[GPUReading, ...]
    problem: Message | None = None


def read_gpus() -> MachineReading:
    """Every GPU that NVML sees now. Never raises."""
    try:
        import pynvml
    except Exception:
        return MachineReading(
            (),
            Message(
                N_(
                    "NVML's Python library is not installed here; `pip install nvidia-ml-py` adds "
                    "it."
                )
            ),
        )
    try:
        pynvml.nvmlInit()
    except Exception as error:
        return MachineReading((), _why(error))
    try:
        return _read_all(pynvml)
    except Exception as error:
        return MachineReading((), _why(error))
    finally:
        _or_none(pynvml.nvmlShutdown)


def _read_all(nvml: ModuleType) -> MachineReading:
    driver = _text(_or_none(nvml.nvmlSystemGetDriverVersion))
    readings, problems = [], []
    for index in range(nvml.nvmlDeviceGetCount()):
        try:
            handle = nvml.nvmlDeviceGetHandleByIndex(index)
        except Exception as error:
            problems.append(
                Message(N_("GPU %(index)s: %(reason)s"), index=index, reason=_why(error))
            )
        else:
            readings.append(_read(nvml, handle, index, driver))
    if not readings and not problems:
        problems.append(Message(N_("NVIDIA's driver is there, but it sees no GPU.")))
    return MachineReading(tuple(readings), joined(" ", problems) if problems else None)


def _read(nvml: ModuleType, handle: Any, index: int, driver: str | None) -> GPUReading:
    memory = _or_none(nvml.nvmlDeviceGetMemoryInfo, handle)
    capability = _or_none(nvml.nvmlDeviceGetCudaComputeCapability, handle)
    rates = _or_none(nvml.nvmlDeviceGetUtilizationRates, handle)
    return GPUReading(
        index=index,
        name=_text(_or_none(nvml.nvmlDeviceGetName, handle)) or f"GPU {index}",
        total_bytes=memory and memory.total,
        used_bytes=memory and memory.used,
        free_bytes=memory and memory.free,
        compute_capability=capability and float(f"{capability[0]}.{capability[1]}"),
        utilisation=rates and rates.gpu / 100,
        driver=driver,
    )


def _or_none(read: Callable[..., Value], *arguments: Any) -> Value | None:
    """What NVML answers; None where a card or a driver does not tell, or does not allow it."""
    try:
        return read(*arguments)
    except Exception:
        return None


def _text(value: str | bytes | None) -> str | None:
    """A name as text: older versions of NVML's library give bytes."""
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _why(error: Exception) -> Message:
    """One sentence for the reason that NVML gives."""
    sentences = {
        "NVMLError_LibraryNotFound": N_("This machine has no NVIDIA driver: NVML is not there."),
        "NVMLError_DriverNotLoaded": N_("NVIDIA's driver is installed, but it is not loaded."),
        "NVMLError_NoPermission": N_(
            "This process has no permission to read the GPU through NVML."
        ),
        "NVMLError_LibRmVersionMismatch": N_(
            "NVIDIA's driver was updated while it was loaded; restart this machine to use it."
        ),
        "NVMLError_GpuIsLost": N_("the GPU is lost; it has to be reset."),
    }
    if known := sentences.get(type(error).__name__):
        return Message(known)
    return with_its_words(Message(N_("NVML does not answer.")), in_a_sentence(error))
