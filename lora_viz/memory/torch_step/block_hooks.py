"""Where one block of a model ends and the next begins, in the forward and the backward pass.

Importing this module loads torch.
"""

from __future__ import annotations

from typing import Any

from torch import nn

from lora_viz.memory.torch_step.recorder import Recorder


def watch(recorder: Recorder, lists: list[list[nn.Module]]) -> list[Any]:
    """Begin a new segment whenever the step crosses a border; returns the hooks' handles.

    Blocks are numbered through all lists. What comes after a list's last block is no block's. In
    the backward pass a block begins when the gradient of its output is there.
    """
    handles = []
    part = 0
    for blocks in lists:
        for block in blocks:
            is_last = block is blocks[-1]
            # before what others do when a block begins, after what they do when it ends
            enters, returns = _enters(recorder, part), _returns(recorder, part)
            handles.append(block.register_forward_pre_hook(enters, prepend=True))
            handles.append(block.register_forward_hook(returns, prepend=True))
            if is_last:
                handles.append(block.register_forward_hook(_leaves(recorder)))
            part += 1
    return handles


def _enters(recorder: Recorder, part: int) -> Any:
    def hook(_module: nn.Module, _inputs: Any) -> None:
        if recorder.phase == "forward":
            recorder.begin("forward", part)

    return hook


def _returns(recorder: Recorder, part: int) -> Any:
    def hook(_module: nn.Module, _inputs: Any, output: Any) -> None:
        if recorder.phase != "forward":
            return
        hidden = output[0] if isinstance(output, (tuple, list)) else output
        if hidden.requires_grad:
            hidden.register_hook(lambda _gradient: recorder.begin("backward", part))

    return hook


def _leaves(recorder: Recorder) -> Any:
    def hook(_module: nn.Module, _inputs: Any, _output: Any) -> None:
        if recorder.phase == "forward":
            recorder.begin("forward", None)

    return hook
