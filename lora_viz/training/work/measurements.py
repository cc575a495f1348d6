"""What a job takes of its machine, and the hash of its base weights."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import psutil
import torch
from torch import Tensor, nn

from lora_viz.adapter.from_peft import is_adapter, is_copy, without_wrappers
from lora_viz.machine.gpus_here import GPUReading, read_gpus
from lora_viz.training.runs.events import MemoryReading
from lora_viz.training.runs.results import Memory

NVML_SECONDS = 1.0  # its own sample period is up to a second
PEFT_PREFIX = "base_model.model."
BASE_LAYER = ".base_layer"


class MemoryMeter:
    """Reads memory: the resident set everywhere, torch.cuda's and NVML's figures on CUDA."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._process = psutil.Process()
        self._gpu: GPUReading | None = None
        self._gpu_read = -NVML_SECONDS
        self.resident_at_start = self.resident()

    def resident(self) -> int:
        """The resident set of this process in bytes."""
        return self._process.memory_info().rss

    def start(self) -> None:
        """Peaks count from here on, where they can."""
        self.resident_at_start = self.resident()
        if self._device == "cuda":
            torch.cuda.reset_peak_memory_stats()

    def read(self) -> MemoryReading:
        """Memory now."""
        if self._device != "cuda":
            return MemoryReading(resident=self.resident())
        gpu = self._read_gpu()
        return MemoryReading(
            resident=self.resident(),
            allocated=torch.cuda.memory_allocated(),
            reserved=torch.cuda.memory_reserved(),
            peak_allocated=torch.cuda.max_memory_allocated(),
            device_used=gpu and gpu.used_bytes,
            device_total=gpu and gpu.total_bytes,
            utilisation_percent=100 * gpu.utilisation
            if gpu and gpu.utilisation is not None
            else None,
        )

    def peak_resident(self) -> int:
        """The most resident memory since the process started, in bytes."""
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return max(most if sys.platform == "darwin" else most * 1024, self.resident())

    def cuda_peaks(self) -> tuple[int | None, int | None]:
        """The most allocated and reserved since `start`, by torch.cuda; None without CUDA."""
        if self._device != "cuda":
            return None, None
        return torch.cuda.max_memory_allocated(), torch.cuda.max_memory_reserved()

    def whole(self) -> Memory:
        """All that was measured since `start`."""
        allocated, reserved = self.cuda_peaks()
        return Memory(
            peak_resident=self.peak_resident(),
            resident_at_start=self.resident_at_start,
            peak_allocated=allocated,
            peak_reserved=reserved,
        )

    def _read_gpu(self) -> GPUReading | None:
        now = time.monotonic()
        if now - self._gpu_read >= NVML_SECONDS:
            self._gpu_read = now
            found = {gpu.index: gpu for gpu in read_gpus().gpus}
            self._gpu = found.get(_nvml_index())
        return self._gpu


def base_hash(model: nn.Module) -> str:
    """The SHA-256 of the base model's weights, whether there is an adapter around it or not.

    It is over each weight's name in the base model in UTF-8 and its bytes as they lie in memory,
    in the order of the names.
    """
    weights = {
        _name_in_base(name): parameter.detach()
        for name, parameter in model.named_parameters()
        if not is_adapter(name) and not is_copy(name)
    }
    digest = hashlib.sha256()
    for name in sorted(weights):
        digest.update(name.encode())
        digest.update(tensor_bytes(weights[name]))
    return digest.hexdigest()


def tensor_bytes(tensor: Tensor) -> bytes:
    """A tensor's values as they lie in memory, whatever their dtype."""
    flat = tensor.detach().cpu().contiguous().flatten()
    return flat.view(torch.uint8).numpy().tobytes()


def file_bytes(folder: Path, patterns: Iterable[str]) -> int | None:
    """The size of the files in a folder that match; None if there is none."""
    sizes = [file.stat().st_size for pattern in patterns for file in folder.glob(pattern)]
    return sum(sizes) if sizes else None


def _name_in_base(name: str) -> str:
    return without_wrappers(name.removeprefix(PEFT_PREFIX))


def _nvml_index() -> int:
    """NVML's number of the GPU that torch uses, which `CUDA_VISIBLE_DEVICES` may have moved."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    current = torch.cuda.current_device()
    named = visible[current] if current < len(visible) else ""
    return int(named) if named.isdigit() else current
