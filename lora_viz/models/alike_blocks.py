"""A deep model made shallow: its blocks are alike, so a few of each kind stand for all.

Importing this module loads torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

BlockKind = tuple[Any, ...]
PLACE_ATTRIBUTES = ("layer_idx", "layer_id", "layer_index", "layer_number")


@dataclass(frozen=True)
class BlockList:
    """One list of numbered blocks and which of them were kept.

    `kept` are numbers in the whole model; `stands_in[i]` is the place in `kept` of the block that
    stands for block i.
    """

    name: str
    kept: tuple[int, ...]
    stands_in: tuple[int, ...]


def block_lists(model: nn.Module) -> dict[str, nn.ModuleList]:
    """The lists of blocks by name, such as `model.layers`; lists inside of blocks are left out."""
    found: dict[str, nn.ModuleList] = {}
    for name, module in model.named_modules():
        inside = any(name.startswith(f"{outer}.") for outer in found)
        if (
            isinstance(module, nn.ModuleList)
            and len(module) > 1
            and not inside
            and all(any(True for _ in block.parameters()) for block in module)
        ):
            found[name] = module
    return found


def make_shallow(model: Any, adapted: Mapping[str, object], context: int) -> list[BlockList]:
    """Keep, of every list of blocks, one block for each kind in each neighbourhood; drop the rest.

    Args:
        adapted: what is done with modules, such as giving them an adapter, by their names.
        context: how many neighbours on each side have to be alike for two blocks to be alike;
            0 keeps every block.
    """
    lists: list[BlockList] = []
    trained = not adapted
    for name, blocks in block_lists(model).items():
        kinds: list[BlockKind] = []
        for number, block in enumerate(blocks):
            prefix = f"{name}.{number}."
            targets = frozenset(
                (one.removeprefix(prefix), what)
                for one, what in adapted.items()
                if one.startswith(prefix)
            )
            kinds.append((_structure(block), targets, trained))
            trained = trained or bool(targets)
        kept, stands_in = choose(kinds, context)
        lists.append(BlockList(name, kept, stands_in))
        _drop(model, name, blocks, kept)
    return lists


def shallow_name(name: str, lists: list[BlockList]) -> str | None:
    """A module's name after `make_shallow`; None if it was dropped."""
    for blocks in lists:
        if name.startswith(f"{blocks.name}."):
            number, _, rest = name.removeprefix(f"{blocks.name}.").partition(".")
            if int(number) not in blocks.kept:
                return None
            return f"{blocks.name}.{blocks.kept.index(int(number))}.{rest}"
    return name


def choose(kinds: list[BlockKind], context: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Which blocks to keep, and the place among those of the one that stands for each block.

    Stretches are cut out between two blocks with the same neighbourhood, as long as every
    neighbourhood that the whole list has is still there.
    """
    kept = list(range(len(kinds)))
    if not context:
        return tuple(kept), tuple(kept)
    around = neighbourhoods(kinds, context)
    while cut := _next_cut(kept, around, kinds, context):
        kept = kept[: cut[0]] + kept[cut[1] :]
    places: dict[BlockKind, int] = {}
    for place, neighbourhood in enumerate(neighbourhoods([kinds[n] for n in kept], context)):
        places.setdefault(neighbourhood, place)
    stands_in = [places[neighbourhood] for neighbourhood in around]
    return tuple(kept), tuple(stands_in)


def neighbourhoods(kinds: list[BlockKind], context: int) -> list[BlockKind]:
    """Each block's kind with those of its neighbours; beyond the ends there is None."""
    padded = [None] * context + list(kinds) + [None] * context
    return [tuple(padded[i : i + 2 * context + 1]) for i in range(len(kinds))]


def _next_cut(
    kept: list[int], around: list[BlockKind], kinds: list[BlockKind], context: int
) -> tuple[int, int] | None:
    """The longest stretch of `kept` whose removal loses no neighbourhood and makes no new one."""
    wanted = set(around)
    by_kind: dict[BlockKind, list[int]] = {}
    for place, number in enumerate(kept):
        by_kind.setdefault(around[number], []).append(place)
    pairs = sorted(
        (
            (places[-1] - first, first, last)
            for places in by_kind.values()
            for first in places[:2]
            for last in places[-2:]
            if last > first
        ),
        reverse=True,
    )
    for _, first, last in pairs:
        left = kept[:first] + kept[last:]
        if set(neighbourhoods([kinds[n] for n in left], context)) == wanted:
            return first, last
    return None


def _structure(block: nn.Module) -> BlockKind:
    """What two blocks have to share to be alike: classes, settings and shapes of all modules."""
    parts: list[Any] = []
    for name, module in block.named_modules():
        settings = tuple(
            (key, value)
            for key, value in sorted(vars(module).items())
            if isinstance(value, (bool, int, float, str, type(None)))
            and key not in PLACE_ATTRIBUTES
        )
        shapes = tuple(
            (key, tuple(parameter.shape))
            for key, parameter in module.named_parameters(recurse=False)
        )
        parts.append((name, type(module).__qualname__, settings, shapes))
    return tuple(parts)


def _drop(model: Any, name: str, blocks: nn.ModuleList, kept: tuple[int, ...]) -> None:
    before = len(blocks)
    parent_name, _, child = name.rpartition(".")
    parent = model.get_submodule(parent_name)
    setattr(parent, child, nn.ModuleList([blocks[number] for number in kept]))
    for place, number in enumerate(kept):
        for module in blocks[number].modules():
            for attribute in PLACE_ATTRIBUTES:
                if getattr(module, attribute, None) == number:
                    setattr(module, attribute, place)
    config = getattr(parent, "config", model.config)
    for key, value in list(vars(config).items()):
        if isinstance(value, list) and len(value) == before:
            setattr(config, key, [value[number] for number in kept])
