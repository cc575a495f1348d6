"""The optimizers that can be chosen: one entry each, from which every other map is derived."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

OptimizerName = Literal["adamw", "adamw_fused", "adamw_loop", "adamw_8bit", "sgd"]


@dataclass(frozen=True)
class Optimizer:
    """One optimizer.

    Attributes:
        name: its name in links and on the command line.
        label: what sentences call it.
        moments: how many values it keeps for each trained one: AdamW its first and second moment
            (Kingma and Ba 2014, algorithm 1; `exp_avg` and `exp_avg_sq` in torch.optim.AdamW).
        torch_class: the class of torch whose state it keeps, by its dotted name.
        torch_options: what that class is told on CUDA beside the learning rate.
        trainer_name: transformers' name of it (`TrainingArguments.optim`); None where that has
            none, so that Trainer is given the class and its options.
        moment_bytes: bytes of a moment's value; None for those of the weight that it belongs to.
        needs_bitsandbytes: whether bitsandbytes' own class stands in for torch's, with one constant
            for each block of a moment's values, and with a file of its own form.
    """

    name: OptimizerName
    label: str
    moments: int
    torch_class: str
    torch_options: Mapping[str, bool] = field(default_factory=dict, hash=False)
    trainer_name: str | None = None
    moment_bytes: int | None = None
    needs_bitsandbytes: bool = False


ADAMW, SGD = "torch.optim.AdamW", "torch.optim.SGD"
OPTIMIZERS: dict[str, Optimizer] = {
    one.name: one
    for one in (
        Optimizer(
            name="adamw",
            label="AdamW",
            moments=2,
            torch_class=ADAMW,
            torch_options={"foreach": True},
            trainer_name="adamw_torch",
        ),
        Optimizer(
            name="adamw_fused",
            label="fused AdamW",
            moments=2,
            torch_class=ADAMW,
            torch_options={"fused": True},
            trainer_name="adamw_torch_fused",
        ),
        Optimizer(
            name="adamw_loop",
            label="AdamW in a loop",
            moments=2,
            torch_class=ADAMW,
            torch_options={"foreach": False, "fused": False},
        ),
        Optimizer(
            name="adamw_8bit",
            label="8-bit AdamW",
            moments=2,
            torch_class=ADAMW,
            trainer_name="adamw_bnb_8bit",
            moment_bytes=1,
            needs_bitsandbytes=True,
        ),
        Optimizer(
            name="sgd",
            label="SGD",
            moments=0,
            torch_class=SGD,
            torch_options={"foreach": True},
            trainer_name="sgd",
        ),
    )
}


def of_each_state() -> tuple[Optimizer, ...]:
    """One optimizer for each kind of state that can be kept, the first of the table."""
    kinds: dict[tuple[str, int | None], Optimizer] = {}
    for one in OPTIMIZERS.values():
        kinds.setdefault((one.torch_class, one.moment_bytes), one)
    return tuple(kinds.values())


def whose_file_is_torchs(name: str) -> Optimizer:
    """The optimizer itself, or the first that keeps as many moments where its file is not torch's.

    bitsandbytes' states are saved in a form of their own, which is not sized here.
    """
    wanted = OPTIMIZERS[name]
    if not wanted.needs_bitsandbytes:
        return wanted
    return next(
        one
        for one in OPTIMIZERS.values()
        if one.torch_class == wanted.torch_class and not one.needs_bitsandbytes
    )
