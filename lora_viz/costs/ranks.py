"""What each rank costs, in one block and in the whole model.

Which tensors there are is the same at every rank, and A and B grow in proportion to it; so one
count at rank 1 answers for all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lora_viz.adapter.counts import Count, count_blocks, count_model, most_adapted_block
from lora_viz.adapter.layout import AdapterLayout, TensorRole
from lora_viz.checkpoint.sizes import adapter_bytes
from lora_viz.errors import UserError
from lora_viz.i18n import N_
from lora_viz.models.architecture import Architecture


@dataclass(frozen=True)
class RankLine:
    """Trained parameters as a straight line over the rank, by role.

    `per_rank` holds what one more rank adds (A and B), `constant` what is trained at any rank:
    DoRA's magnitudes, biases, heads that are trained in full, layers with a rank of their own.
    """

    per_rank: dict[TensorRole, int]
    constant: dict[TensorRole, int]

    @property
    def slope(self) -> int:
        """Parameters that one more rank adds."""
        return sum(self.per_rank.values())

    def at(self, rank: int) -> int:
        """Trained parameters at rank r."""
        return rank * self.slope + sum(self.constant.values())


@dataclass(frozen=True)
class RankCosts:
    """What the rank costs: lines for one block and for the whole model.

    `block` is the name of the first of the blocks with the most adapted layers and `alike` how
    many blocks have the same adapter; both lines are equal and `block` is None if every adapted
    layer is outside of blocks. `adapted_weights` counts the values of every W that is adapted at
    the rank, and not at one of its own.
    """

    block: str | None
    alike: int
    in_block: RankLine
    in_model: RankLine
    adapted_weights: int
    total_parameters: int

    @property
    def break_even(self) -> float:
        """The rank at which all A and B together hold as many values as the W they adapt."""
        return self.adapted_weights / self.in_model.slope


@dataclass(frozen=True)
class RankRow:
    """One rank: trained parameters in a block and in the model, their share, the file's bytes."""

    rank: int
    in_block: int
    in_model: int
    share: float
    file_bytes: int


def rank_costs(architecture: Architecture, layout: AdapterLayout) -> RankCosts:
    """The costs of every rank, from counts at ranks 1 and 2.

    Raises:
        UserError: every adapted layer has a rank of its own, so that there is none to choose.
    """
    growing = [module for module in layout.modules if module.own_rank is None]
    if not growing:
        raise UserError(
            N_("Every adapted layer has a rank of its own (rank_pattern): none is left to choose.")
        )
    in_model = _line(count_model(layout, 1), count_model(layout, 2))
    block = most_adapted_block(layout)
    blocks, more = (
        {entry.name: entry for entry in count_blocks(architecture, layout, rank)} for rank in (1, 2)
    )
    return RankCosts(
        block=block,
        alike=blocks[block].alike if block else 1,
        in_block=_line(blocks[block].count, more[block].count) if block else in_model,
        in_model=in_model,
        adapted_weights=sum(module.base_weight for module in growing),
        total_parameters=layout.total_parameters,
    )


def rank_rows(
    costs: RankCosts,
    layout: AdapterLayout,
    ranks: Iterable[int],
    adapter_dtype: str,
    base_dtype: str,
) -> list[RankRow]:
    """One row for each of the ranks, in ascending order and each once."""
    return [
        RankRow(
            rank=rank,
            in_block=costs.in_block.at(rank),
            in_model=costs.in_model.at(rank),
            share=costs.in_model.at(rank) / costs.total_parameters,
            file_bytes=adapter_bytes(layout, rank, adapter_dtype, base_dtype),
        )
        for rank in sorted(set(ranks))
    ]


def _line(at_one: Count, at_two: Count) -> RankLine:
    line = RankLine(per_rank={}, constant={})
    for role, values in at_one.parts.items():
        growth = at_two.parts[role] - values
        if growth:
            line.per_rank[role] = growth
        if values > growth:
            line.constant[role] = values - growth
    return line
