"""What torch's DistributedDataParallel adds to a card: buckets for the gradients.

Importing this module loads torch.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch.nn.parallel import distributed

from lora_viz.memory.torch_step.several_cards.whole_model import Weight

DTYPES = {1: torch.uint8, 2: torch.bfloat16, 4: torch.float32, 8: torch.float64}


def bucket_bytes(trained: list[Weight]) -> list[int]:
    """Bytes of each bucket that stays on the card from the second step on.

    torch's reducer splits the gradients anew in the order in which the first backward pass made
    them, which is the parameters' order backwards (`Reducer::rebuild_buckets`,
    `compute_bucket_assignment_by_size` in reducer.cpp, asked for here). The first bucket is full at
    `_DEFAULT_FIRST_BUCKET_BYTES`, 1 MiB, the others at `bucket_cap_mb`, 25 MiB. Trainer and
    accelerate leave `gradient_as_bucket_view` false (`DistributedDataParallelKwargs`), so that the
    gradients are there in addition.
    """
    parameters = [
        torch.empty(weight.numel, dtype=DTYPES[weight.itemsize], device="meta")
        for weight in reversed(trained)
    ]
    reducer: Any = dist
    limits = [
        reducer._DEFAULT_FIRST_BUCKET_BYTES,
        distributed._DEFAULT_BUCKET_CAP_MB * distributed._MB_TO_BYTES,
    ]
    buckets, _limits = reducer._compute_bucket_assignment_by_size(parameters, limits)
    return [sum(parameters[index].nbytes for index in bucket) for bucket in buckets]
