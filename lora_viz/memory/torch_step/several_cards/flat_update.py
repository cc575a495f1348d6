"""What an optimizer allocates when it updates one long row of values, as DeepSpeed's does.

Importing this module loads torch.
"""

from __future__ import annotations

import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from lora_viz.memory.torch_step.classify import mark_trained
from lora_viz.memory.torch_step.optimizers import make_optimizer
from lora_viz.memory.torch_step.recorder import Recorder
from lora_viz.memory.trace import Trace


def flat_update(optimizer: str, numel: int) -> Trace:
    """The record of one step over a row of so many float32 values with a gradient.

    Row and gradient themselves are left out: its events begin with the optimizer's own.
    """
    recorder = Recorder()
    with FakeTensorMode(), recorder:
        with recorder.paused():
            row = nn.Parameter(torch.empty(numel))
            row.grad = torch.empty(numel)
        recorder.leaves(row)
        recorder.leaves(row.grad)
        recorder.begin("optimizer", None)
        made = make_optimizer(optimizer, [row])
        made.step()
        mark_trained(recorder, [row], made.state, optimizer)
        recorder.close()
    for allocation in recorder.trace.allocations:
        allocation.kind = allocation.kind or "temporaries"
    return recorder.trace
