"""What is read through NVML, with a stand-in for its library whose calls can fail one by one."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import pytest

from lora_viz.machine.gpus_here import GPUReading, MachineReading, read_gpus

ANSWERS = {
    "nvmlInit": lambda: None,
    "nvmlShutdown": lambda: None,
    "nvmlSystemGetDriverVersion": lambda: "580.65.06",
    "nvmlDeviceGetCount": lambda: 2,
    "nvmlDeviceGetHandleByIndex": lambda index: index,
    "nvmlDeviceGetName": lambda handle: f"NVIDIA card {handle}",
    "nvmlDeviceGetMemoryInfo": lambda _handle: SimpleNamespace(
        total=24_000, used=1_000, free=23_000
    ),
    "nvmlDeviceGetCudaComputeCapability": lambda _handle: (8, 9),
    "nvmlDeviceGetUtilizationRates": lambda _handle: SimpleNamespace(gpu=37, memory=5),
}


class NVMLError_NotSupported(Exception):  # noqa: N801, N818 (the name it has)
    """What NVML raises where a card does not tell."""


class NVMLError_LibraryNotFound(Exception):  # noqa: N801, N818 (the name it has)
    """What NVML raises without a driver."""


def install(monkeypatch: pytest.MonkeyPatch, **changed: object) -> None:
    library = ModuleType("pynvml")
    for name, answer in (ANSWERS | changed).items():
        setattr(library, name, answer)
    monkeypatch.setitem(sys.modules, "pynvml", library)


def failing(error: Exception):
    def call(*_arguments: object) -> None:
        raise error

    return call


def test_every_gpu_is_read_with_all_that_nvml_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    reading = read_gpus()
    assert not reading.problem
    assert reading.gpus == tuple(
        GPUReading(
            index=index,
            name=f"NVIDIA card {index}",
            total_bytes=24_000,
            used_bytes=1_000,
            free_bytes=23_000,
            compute_capability=8.9,
            utilisation=0.37,
            driver="580.65.06",
        )
        for index in (0, 1)
    )


@pytest.mark.parametrize("call", ANSWERS)
def test_no_call_that_fails_is_ever_raised(monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    install(monkeypatch, **{call: failing(NVMLError_NotSupported("Not Supported"))})
    reading = read_gpus()
    assert isinstance(reading, MachineReading)
    is_needed = call in ("nvmlInit", "nvmlDeviceGetCount", "nvmlDeviceGetHandleByIndex")
    assert bool(reading.gpus) != is_needed
    assert bool(reading.problem) == is_needed


@pytest.mark.parametrize(
    ("call", "fields"),
    [
        ("nvmlSystemGetDriverVersion", {"driver"}),
        ("nvmlDeviceGetMemoryInfo", {"total_bytes", "used_bytes", "free_bytes"}),
        ("nvmlDeviceGetCudaComputeCapability", {"compute_capability"}),
        ("nvmlDeviceGetUtilizationRates", {"utilisation"}),
    ],
)
def test_what_a_card_does_not_tell_is_none_and_the_rest_stays(
    monkeypatch: pytest.MonkeyPatch, call: str, fields: set[str]
) -> None:
    install(monkeypatch, **{call: failing(NVMLError_NotSupported("Not Supported"))})
    for gpu in read_gpus().gpus:
        assert {field for field, value in vars(gpu).items() if value is None} == fields


def test_a_gpu_that_is_lost_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def handle(index: int) -> int:
        if index == 0:
            raise RuntimeError("GPU is lost")
        return index

    install(monkeypatch, nvmlDeviceGetHandleByIndex=handle)
    reading = read_gpus()
    assert [gpu.index for gpu in reading.gpus] == [1]
    assert "GPU 0" in str(reading.problem) and "GPU is lost" in str(reading.problem)


def test_a_machine_without_a_driver_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, nvmlInit=failing(NVMLError_LibraryNotFound()))
    assert str(read_gpus().problem) == "This machine has no NVIDIA driver: NVML is not there."


def test_no_gpu_behind_a_driver_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, nvmlDeviceGetCount=lambda: 0)
    reading = read_gpus()
    assert not reading.gpus
    assert str(reading.problem) == "NVIDIA's driver is there, but it sees no GPU."


def test_a_process_without_the_library_is_told_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert "nvidia-ml-py" in str(read_gpus().problem)


def test_a_name_in_bytes_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, nvmlDeviceGetName=lambda _handle: b"Tesla T4")
    assert read_gpus().gpus[0].name == "Tesla T4"


def test_the_real_library_on_this_machine_answers_without_raising() -> None:
    reading = read_gpus()
    assert bool(reading.gpus) or bool(reading.problem)
