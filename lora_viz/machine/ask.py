"""What a worker is asked about this machine."""

from __future__ import annotations

from lora_viz.errors import in_a_sentence
from lora_viz.machine.torch_here import TorchReading


def read_torch() -> TorchReading:
    """The GPUs that PyTorch can use, which may not be all. Loads torch; never raises."""
    import torch

    version, cuda = str(torch.__version__), torch.version.cuda
    try:
        devices = range(torch.cuda.device_count()) if torch.cuda.is_available() else ()
        return TorchReading(version, cuda, tuple(map(torch.cuda.get_device_name, devices)))
    except Exception as error:
        return TorchReading(version, cuda, (), in_a_sentence(error))
