"""The GPUs of this machine: what NVML, the driver's library, reports, and what torch sees.

Asking NVML loads neither torch nor CUDA and takes no memory of a GPU. Neither question ever fails:
what cannot be read becomes one sentence that says why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeVar

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


@dataclass(frozen=True)
class TorchReading:
    """What PyTorch could train on here.

    `cuda` is the version that it was built for, None for a build without CUDA; `devices` are the
    names of the GPUs that it can use.
    """

    version: str
    cuda: str | None
    devices: tuple[str, ...]
    problem: Message | None = None


def read_torch() -> TorchReading:
    """The GPUs that PyTorch can use, which may not be all. Loads torch; never raises."""
    import torch

    version, cuda = str(torch.__version__), torch.version.cuda
    try:
        devices = range(torch.cuda.device_count()) if torch.cuda.is_available() else ()
        return TorchReading(version, cuda, tuple(map(torch.cuda.get_device_name, devices)))
    except Exception as error:
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        return TorchReading(version, cuda, (), Message(N_("CUDA does not start: %s."), reason))


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
    name = type(error).__name__
    if name in sentences:
        return Message(sentences[name])
    return Message(N_("NVML does not answer: %s."), str(error).rstrip(".") or name)
