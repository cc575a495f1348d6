"""What PyTorch could train on here, as plain data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TorchReading:
    """What PyTorch could train on here.

    `cuda` is the version that it was built for, None for a build without CUDA; `devices` are the
    names of the GPUs that it can use. `problem` is how torch puts it where CUDA does not start.
    """

    version: str
    cuda: str | None
    devices: tuple[str, ...]
    problem: str = ""
