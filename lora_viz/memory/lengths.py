"""Batches of texts of different lengths: what of them is padding, and what their order costs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from lora_viz.memory.orders import reserved_in_order
from lora_viz.memory.trace import Trace

# shares of all batches that are no longer than those that are simulated beside the longest
SHARES = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class BatchLengths:
    """What batches of texts of different lengths take.

    A batch is as long as its longest text. `longest` and `expected` are tokens of the longest batch
    and of a batch on average, `padding_share` the expected share of padding among all tokens.
    `reserved_longest_first` and `reserved_shortest_first` are the bytes that PyTorch's default
    allocator takes from the device where batches come in that order.
    """

    longest: int
    expected: float
    padding_share: float
    reserved_longest_first: int
    reserved_shortest_first: int


def expected_longest(lengths: Sequence[int], batch: int) -> float:
    """How long a batch is on average: the mean of the longest of `batch` texts drawn at random.

    The order statistic of draws with replacement: all are at most x with probability F(x)^batch.

    Args:
        lengths: in order, at least one.
    """
    count = len(lengths)
    return sum(
        length * (((place + 1) / count) ** batch - (place / count) ** batch)
        for place, length in enumerate(lengths)
    )


def padding_share(lengths: Sequence[int], batch: int) -> float:
    """The expected share of padding among the tokens of padded batches."""
    mean = sum(lengths) / len(lengths)
    return 1 - mean / expected_longest(lengths, batch)


def other_batches(lengths: Sequence[int], batch: int) -> list[int]:
    """Lengths of batches that are simulated beside the longest one, in order.

    They are the shortest with at least each of `SHARES` of all batches at or below them.
    """
    found = {
        next(
            length
            for length in lengths
            if (bisect_right(lengths, length) / len(lengths)) ** batch >= share
        )
        for share in SHARES
    }
    return sorted(found - {lengths[-1]})


def of_batches(lengths: Sequence[int], batch: int, traces: Sequence[Trace]) -> BatchLengths:
    """What batches of these texts take.

    Args:
        lengths: in order.
        traces: a step over each of `other_batches`, then one over the longest.
    """
    return BatchLengths(
        longest=lengths[-1],
        expected=expected_longest(lengths, batch),
        padding_share=padding_share(lengths, batch),
        reserved_longest_first=reserved_in_order(traces[::-1]),
        reserved_shortest_first=reserved_in_order(traces),
    )
