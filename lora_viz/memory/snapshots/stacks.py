"""What the Python stack of an allocation says of it: in which part of a step it was made.

A stack is a list of frames, innermost first, each with a file's and a function's name, as
`torch.cuda.memory._record_memory_history(stacks="python")` writes them down; with `stacks="all"`
frames of C++ are among them, which are left out here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Part = Literal["loading", "adapting", "forward", "loss", "backward", "recomputing", "optimizer"]


@dataclass(frozen=True)
class Frame:
    """One frame of a stack."""

    file: str
    function: str

    @property
    def is_python(self) -> bool:
        """Whether it is one of Python's."""
        return self.file.endswith(".py") or self.file.startswith("<")

    @property
    def is_cpp(self) -> bool:
        """Whether it is one of C++, which has no file, `??`, or a file of its own kind."""
        return self.file in ("", "??") or self.file.endswith((".cpp", ".cc", ".cu", ".h", ".so"))


@dataclass(frozen=True)
class _Sign:
    """What shows that an allocation belongs to a part of a step; an empty field matches all.

    Attributes:
        file: a part of the file's path.
        functions: names of functions.
    """

    part: Part
    file: str = ""
    functions: tuple[str, ...] = ()

    def is_in(self, frames: list[Frame]) -> bool:
        return any(
            self.file in frame.file and (not self.functions or frame.function in self.functions)
            for frame in frames
        )


# The first that is in a stack decides. An optimizer's step runs no model; what a checkpoint
# computes again runs a forward pass within the backward one; loading may call `forward` of nothing.
SIGNS = (
    _Sign("optimizer", "torch/optim/"),
    _Sign("optimizer", "bitsandbytes/optim/"),
    _Sign("optimizer", "transformers/optimization.py"),
    _Sign("optimizer", "torch/nn/utils/clip_grad.py"),
    _Sign("recomputing", "torch/utils/checkpoint.py", ("unpack_hook", "recompute_fn", "backward")),
    _Sign("backward", functions=("backward", "run_backward", "_engine_run_backward")),
    _Sign("loss", "transformers/loss/"),
    _Sign("loss", "torch/nn/functional.py", ("cross_entropy",)),
    _Sign("forward", functions=("forward",)),
    _Sign("adapting", "/peft/"),
    _Sign(
        "loading",
        functions=("from_pretrained", "load_state_dict", "load_checkpoint_and_dispatch"),
    ),
    _Sign("loading", "torch/nn/modules/module.py", ("_apply", "to", "cuda")),
    _Sign("loading", "torch/nn/modules/", ("__init__",)),
    _Sign("loading", "transformers/models/", ("__init__",)),
)


def part_of(frames: Sequence[Frame]) -> Part | None:
    """The part of a step in which an allocation with this stack was made; None if none shows.

    On CUDA the backward pass runs in a thread of C++ alone, so that a stack without any frame of
    Python is of it.
    """
    of_python = [frame for frame in frames if frame.is_python]
    if not of_python:
        return "backward" if all(frame.is_cpp for frame in frames) else None
    return next((sign.part for sign in SIGNS if sign.is_in(of_python)), None)
