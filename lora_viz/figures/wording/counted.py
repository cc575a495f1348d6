"""Counted parameters as parts of bars: their meaning, their name and their size in bytes."""

from __future__ import annotations

from lora_viz.adapter.counts import BlockCount, Count, ModuleKind
from lora_viz.adapter.layout import TensorRole
from lora_viz.choices.scenario import Scenario
from lora_viz.costs.ranks import RankLine
from lora_viz.dtypes import BYTES_PER_VALUE
from lora_viz.figures.kit.bars import Segment
from lora_viz.figures.kit.colours import Meaning
from lora_viz.figures.kit.literal import as_plotly
from lora_viz.figures.parameters_bars import BarPair
from lora_viz.figures.rank_cost import CostPart
from lora_viz.format import grouped, percent, size
from lora_viz.i18n import _, plural

MEANINGS: dict[TensorRole, Meaning] = {
    "A": "A",
    "B": "B",
    "magnitude": "magnitude",
    "bias": "bias",
    "weight": "bias",
    "tokens": "module_to_save",
    "module_to_save": "module_to_save",
}
IN_BASE_DTYPE: tuple[TensorRole, ...] = ("bias", "weight", "module_to_save")


MOST_KINDS, MOST_BLOCKS = 12, 2
LONGEST_NAME = 60
SHOWN_DIGITS = 3


def bar_panels(
    model: str,
    kinds: list[ModuleKind],
    blocks: list[BlockCount],
    whole: Count,
    scenario: Scenario,
) -> list[list[BarPair]]:
    """Three panels of bars: one layer of each kind, one block, the whole model called `model`."""
    panels = [
        [_pair(_kind_heading(kind), kind.one, scenario) for kind in kinds[:MOST_KINDS]],
        [_pair(_block_heading(block), block.count, scenario) for block in blocks[:MOST_BLOCKS]],
        [_pair(_heading(model, _("the whole model")), whole, scenario)],
    ]
    return [panel for panel in panels if panel]


def weight_segment(meaning: Meaning, name: str, parameters: int, scenario: Scenario) -> Segment:
    """Weights of the base model: frozen, or the update of them that full fine-tuning trains."""
    return Segment(meaning, name, parameters, _hover(name, parameters, scenario.base_dtype))


def adapter_segments(count: Count, scenario: Scenario) -> tuple[Segment, ...]:
    """What the adapter trains, by role."""
    names: dict[TensorRole, str] = {
        "A": "A",
        "B": "B",
        "magnitude": _("magnitude"),
        "bias": _("biases"),
        "weight": _("other weights"),
        "tokens": _("rows of tokens"),
        "module_to_save": _("trained in full"),
    }
    return tuple(
        Segment(MEANINGS[role], names[role], values, _hover(names[role], values, dtype))
        for role, values in count.parts.items()
        for dtype in [scenario.file_dtypes[role in IN_BASE_DTYPE]]
    )


def cost_parts(line: RankLine) -> list[CostPart]:
    """The trained parameters as the areas of the chart, the growing ones first."""
    names = {
        "A": _("A of a rank of its own"),
        "B": _("B of a rank of its own"),
        "magnitude": _("magnitudes"),
        "bias": _("biases"),
        "weight": _("other weights"),
        "tokens": _("rows of tokens"),
        "module_to_save": _("trained in full"),
    }
    growing = [CostPart(MEANINGS[role], role, values, 0) for role, values in line.per_rank.items()]
    return growing + [
        CostPart(MEANINGS[role], names[role], 0, values) for role, values in line.constant.items()
    ]


def _pair(heading: str, count: Count, scenario: Scenario) -> BarPair:
    return BarPair(
        heading,
        percent(count.share, SHOWN_DIGITS),
        weight_segment("update", _("Full fine-tuning"), count.full, scenario),
        adapter_segments(count, scenario),
    )


def _kind_heading(kind: ModuleKind) -> str:
    shape = f"{grouped(kind.in_features)} → {grouped(kind.out_features)}"
    if kind.modules > 1:
        shape += " · " + _("1 of %s") % kind.modules
    return _heading(kind.name, shape)


def _block_heading(block: BlockCount) -> str:
    return _heading(
        block.name,
        plural("1 of %s block", "1 of %s blocks", block.alike) % block.alike,
    )


def _heading(name: str, words: str) -> str:
    return f'<b>{as_plotly(name, LONGEST_NAME)}</b>  <span style="font-size:11px">{words}</span>'


def _hover(name: str, parameters: int, dtype: str) -> str:
    number_of_bytes = parameters * BYTES_PER_VALUE[dtype]
    return _("%(name)s: %(count)s parameters<br>%(size)s in %(dtype)s (%(bytes)s bytes)") % {
        "name": name,
        "count": grouped(parameters),
        "size": size(number_of_bytes),
        "dtype": dtype,
        "bytes": grouped(number_of_bytes),
    }
