"""What an adapter consists of: the layers it adapts, the shapes of A and B, counts, scaling.

Which layers a target matches and which tensors result is PEFT's own answer (`from_peft`), taken
at rank 1. Everything that the rank changes is linear in it, so the rest is computed here at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod, sqrt
from typing import Literal

TensorRole = Literal["A", "B", "magnitude", "bias", "weight", "tokens", "module_to_save"]
WarningKind = Literal[
    "unmatched",
    "ambiguous",
    "frozen_head",
    "unsaved",
    "untied",
    "not_kept_tied",
    "nothing_tied",
    "no_such_layer",
    "excludes_nothing",
    "rank_unmatched",
    "alpha_unmatched",
    "parameter_unmatched",
    "experts_frozen",
]


@dataclass(frozen=True)
class AdapterTensor:
    """One tensor that training an adapter adds or changes, or that its file holds.

    `shape` is the one at rank 1; the size along `rank_axis`, if there is one, is multiplied by r.
    A "module_to_save" is of a module that is trained in full, such as a classification head: PEFT
    adds a copy of it to the frozen original, so that the model holds both. "tokens" are the rows of
    an embedding that are trained alone.
    """

    name: str
    role: TensorRole
    shape: tuple[int, ...]
    rank_axis: int | None
    trainable: bool
    saved: bool

    def shape_at(self, rank: int) -> tuple[int, ...]:
        """The shape at rank r."""
        return tuple(
            size * rank if axis == self.rank_axis else size for axis, size in enumerate(self.shape)
        )

    def values(self, rank: int) -> int:
        """How many values it holds at rank r."""
        return prod(self.shape) * (1 if self.rank_axis is None else rank)

    @property
    def in_adapter_dtype(self) -> bool:
        """Whether it has the adapter's dtype; biases and other weights have the base model's."""
        return self.role in ("A", "B", "magnitude", "tokens")

    @property
    def is_added(self) -> bool:
        """Whether it is added to the base model's own tensors, of which there are then more.

        What is saved under a second name only is not: the tensor of the first name is.
        """
        return self.trainable and (self.in_adapter_dtype or self.role == "module_to_save")


@dataclass(frozen=True)
class AdaptedModule:
    """One layer with an adapter: W is (out, in), A (r, in), B (out, r), however W is stored.

    `experts` is how many such matrices are stacked in a fused layer's weight, else 1. `own_rank` is
    the rank of a layer that has one of its own (`rank_pattern`), whatever that of the others is.
    """

    name: str
    in_features: int
    out_features: int
    experts: int
    tensors: tuple[AdapterTensor, ...]
    own_rank: int | None = None

    def rank_at(self, rank: int) -> int:
        """The layer's rank where that of the others is r."""
        return rank if self.own_rank is None else self.own_rank

    def parameters(self, rank: int) -> int:
        """Trainable parameters that the adapter adds at rank r: A, B and DoRA's magnitudes."""
        return sum(tensor.values(rank) for tensor in self.tensors)

    def values_of(self, role: TensorRole, rank: int) -> int:
        """How many values the module's tensors of one role hold at rank r."""
        return sum(tensor.values(rank) for tensor in self.tensors if tensor.role == role)

    @property
    def base_weight(self) -> int:
        """Values in the frozen weight: in × out, times the experts."""
        return self.experts * self.in_features * self.out_features


@dataclass(frozen=True)
class AdapterWarning:
    """What a reader should know of an adapter, as data; `warning_words` has it in words.

    `name` is the target that it is about. One that is unmatched matches no layer, and `kinds` are
    those that the model has; one that is ambiguous matches all of these several `kinds`. With
    "frozen_head" it is the model's class, whose head has none of the names (`kinds`) that PEFT
    trains in full by itself. An "unsaved" name of a module to save is no module's, and `kinds` are
    layers outside of blocks; "untied" are copies of tied weights that are trained each by itself
    (`kinds`), also where they were "not_kept_tied" though they should be; with "nothing_tied" the
    model has no tied weights to keep so. The others are a number of a block that has no adapted
    layer, a name that excludes nothing, patterns of ranks and alphas of no adapted layer, and a
    name of no parameter. With "experts_frozen" `name` is the share of the model, in percent, that
    is stacked experts, of which none has an adapter.
    """

    kind: WarningKind
    name: str
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class AdapterLayout:
    """Everything about an adapter that does not depend on its rank."""

    modules: tuple[AdaptedModule, ...]
    base_tensors: tuple[AdapterTensor, ...]
    total_parameters: int
    warnings: tuple[AdapterWarning, ...]

    def trainable_parameters(self, rank: int) -> int:
        """What PEFT's `get_nb_trainable_parameters` counts as trainable at rank r."""
        return sum(tensor.values(rank) for tensor in self.tensors if tensor.trainable)

    def added_parameters(self, rank: int) -> int:
        """Parameters that the adapter adds to the base model at rank r, copied modules among
        them."""
        return sum(tensor.values(rank) for tensor in self.tensors if tensor.is_added)

    @cached_property
    def tensors(self) -> tuple[AdapterTensor, ...]:
        """The adapter's own tensors, then those of the base model that it trains or saves."""
        own = tuple(tensor for module in self.modules for tensor in module.tensors)
        return own + self.base_tensors

    def trainable_by_role(self, rank: int) -> dict[TensorRole, int]:
        """Trainable values at rank r by role; roles without any are left out."""
        counts: dict[TensorRole, int] = {}
        for tensor in self.tensors:
            if tensor.trainable:
                counts[tensor.role] = counts.get(tensor.role, 0) + tensor.values(rank)
        return counts


def scaling(rank: int, alpha: float, rslora: bool = False) -> float:
    """The factor on B·A: alpha/r (Hu et al. 2021), with rsLoRA alpha/√r (Kalajdzievski 2023)."""
    return alpha / sqrt(rank) if rslora else alpha / rank


def lora_parameters(in_features: int, out_features: int, rank: int) -> int:
    """Values in A (r × in) and B (out × r) together: r · (in + out)."""
    return rank * (in_features + out_features)


def break_even_rank(in_features: int, out_features: int) -> float:
    """The rank at which A and B together hold as many values as W: in·out / (in + out)."""
    return in_features * out_features / (in_features + out_features)
