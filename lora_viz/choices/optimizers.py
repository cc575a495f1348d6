"""The optimizers that can be chosen: one entry each, from which every other map is derived."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

OptimizerName = Literal[
    "adamw",
    "adamw_fused",
    "adamw_loop",
    "adamw_8bit",
    "paged_adamw_32bit",
    "paged_adamw_8bit",
    "lion_32bit",
    "lion_8bit",
    "paged_lion_32bit",
    "paged_lion_8bit",
    "adafactor",
    "sgd",
]


@dataclass(frozen=True)
class Optimizer:
    """One optimizer.

    Attributes:
        name: its name in links and on the command line.
        label: what sentences call it.
        moments: how many values it keeps for each trained one: AdamW its first and second moment
            (Kingma and Ba 2014, algorithm 1; `exp_avg` and `exp_avg_sq` in torch.optim.AdamW), Lion
            one (Chen et al. 2023), Adafactor none but sums over rows and columns (Shazeer and
            Stern 2018).
        torch_class: the class whose step is simulated, by its dotted name: torch's, transformers'.
        torch_options: what that class is told on CUDA beside the learning rate.
        trainer_name: transformers' name of it (`TrainingArguments.optim`); None where that has
            none, so that Trainer is given the class and its options.
        moment_bytes: bytes of a moment's value; None for those of the weight that it belongs to.
        needs_bitsandbytes: whether bitsandbytes' own class stands in for torch's, with one constant
            for each block of a moment's values in 8 bits, and with a file of its own form.
        is_paged: whether large moments lie in memory that CUDA moves to the host where the card has
            no room, and that PyTorch's allocator does not know.
        is_factored: whether it keeps sums over a matrix's rows and columns in place of moments.
    """

    name: OptimizerName
    label: str
    moments: int
    torch_class: str
    torch_options: Mapping[str, bool] = field(default_factory=dict, hash=False)
    trainer_name: str | None = None
    moment_bytes: int | None = None
    needs_bitsandbytes: bool = False
    is_paged: bool = False
    is_factored: bool = False

    @property
    def state_is_torchs(self) -> bool:
        """Whether its state is one of torch's: moments in the shape and format of the weights."""
        return not (self.needs_bitsandbytes or self.is_factored)


ADAMW, SGD = "torch.optim.AdamW", "torch.optim.SGD"
LION = "bitsandbytes.optim.Lion"
# name and Trainer's name, label, moments, class, bytes of a moment's value
OF_BITSANDBYTES: tuple[tuple[OptimizerName, str, int, str, int], ...] = (
    ("paged_adamw_32bit", "paged AdamW", 2, ADAMW, 4),
    ("paged_adamw_8bit", "paged 8-bit AdamW", 2, ADAMW, 1),
    ("lion_32bit", "Lion", 1, LION, 4),
    ("lion_8bit", "8-bit Lion", 1, LION, 1),
    ("paged_lion_32bit", "paged Lion", 1, LION, 4),
    ("paged_lion_8bit", "paged 8-bit Lion", 1, LION, 1),
)
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
        *(
            Optimizer(
                name=name,
                label=label,
                moments=moments,
                torch_class=kind,
                trainer_name=name,
                moment_bytes=moment_bytes,
                needs_bitsandbytes=True,
                is_paged=name.startswith("paged"),
            )
            for name, label, moments, kind, moment_bytes in OF_BITSANDBYTES
        ),
        Optimizer(
            name="adafactor",
            label="Adafactor",
            moments=0,
            torch_class="transformers.optimization.Adafactor",
            # as Trainer tells it (`_get_adafactor` in transformers/trainer_optimizer.py)
            torch_options={"scale_parameter": False, "relative_step": False},
            trainer_name="adafactor",
            is_factored=True,
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
    kinds: dict[tuple[str, int | None, bool], Optimizer] = {}
    for one in OPTIMIZERS.values():
        kinds.setdefault((one.torch_class, one.moment_bytes, one.is_paged), one)
    return tuple(kinds.values())


def whose_file_is_torchs(name: str) -> Optimizer:
    """The optimizer itself, or AdamW where its state and its file are not as torch's are.

    bitsandbytes' states and Adafactor's are saved in forms of their own, which are not sized here.
    """
    wanted = OPTIMIZERS[name]
    return wanted if wanted.state_is_torchs else OPTIMIZERS["adamw"]
