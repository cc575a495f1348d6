"""The allocator's rules, on cases worked out by hand from CUDACachingAllocator.cpp's constants."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lora_viz.memory.allocator import MIB, CachingAllocator


def test_small_requests_share_a_segment_of_two_mebibytes() -> None:
    allocator = CachingAllocator()
    allocator.allocate(1)
    allocator.allocate(1000)
    assert (allocator.allocated, allocator.reserved) == (512 + 1024, 2 * MIB)


def test_medium_requests_share_a_segment_of_twenty_mebibytes() -> None:
    allocator = CachingAllocator()
    for _ in range(3):
        allocator.allocate(6 * MIB)
    assert allocator.reserved == 20 * MIB
    allocator.allocate(6 * MIB)
    assert allocator.reserved == 40 * MIB


def test_a_rest_of_a_mebibyte_is_not_split_off_a_large_block() -> None:
    allocator = CachingAllocator()
    allocator.allocate(125 * MIB)
    assert allocator.allocated == allocator.reserved == 126 * MIB


def test_a_freed_block_is_used_again_and_merged_with_its_neighbours() -> None:
    allocator = CachingAllocator()
    first, second = allocator.allocate(5 * MIB), allocator.allocate(5 * MIB)
    allocator.release(first)
    allocator.release(second)
    allocator.allocate(9 * MIB)
    assert allocator.reserved == 20 * MIB


@given(st.lists(st.tuples(st.integers(1, 40 * MIB), st.integers(0, 9)), max_size=60))
def test_freeing_everything_leaves_whole_segments(requests: list[tuple[int, int]]) -> None:
    allocator = CachingAllocator()
    blocks = []
    for size, victim in requests:
        blocks.append(allocator.allocate(size))
        assert blocks[-1].size >= size
        assert allocator.allocated <= allocator.reserved
        if victim < len(blocks):
            allocator.release(blocks.pop(victim))
    for block in blocks:
        allocator.release(block)
    assert allocator.allocated == 0
    assert allocator.peak_reserved == allocator.reserved
