"""A group of cards of which only this process exists, and which exchanges nothing.

Importing this module loads torch.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch.distributed as dist
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.testing._internal.distributed.fake_pg import FakeStore

MESH = "cards"


@contextmanager
def first_of_cards(count: int) -> Iterator[DeviceMesh]:
    """Be the first of so many cards: torch's fake process group, and a mesh over all of them.

    No card has more than the first: what cannot be split evenly is padded to its part
    (`torch.chunk`; `_init_sharded_param` of torch's `_fsdp_param.py`).

    Raises:
        RuntimeError: this process is one of a real group.
    """
    if dist.is_initialized():
        raise RuntimeError("this process is one of a real group of cards")
    dist.init_process_group("fake", store=FakeStore(), rank=0, world_size=count)
    try:
        yield init_device_mesh("cpu", (count,), mesh_dim_names=(MESH,))
    finally:
        dist.destroy_process_group()
