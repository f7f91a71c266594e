"""torch's allocator in small: what a request gets, what is cut off, what is joined again."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from transxlab.facts.measured.pool import BLOCK, LARGE_SEGMENT, SMALL_SEGMENT, Block, Pool

MIB = 1 << 20


def test_small_requests_share_a_segment() -> None:
    pool = Pool()
    assert pool.allocate(1).size == BLOCK
    assert pool.allocate(MIB).size == MIB
    assert pool.reserved == SMALL_SEGMENT


def test_middle_requests_share_a_larger_one() -> None:
    pool = Pool()
    first, second = pool.allocate(6 * MIB), pool.allocate(6 * MIB)
    assert (first.size, second.size) == (6 * MIB, 6 * MIB)
    assert pool.reserved == LARGE_SEGMENT


def test_a_large_request_gets_a_segment_of_its_own() -> None:
    pool = Pool()
    assert pool.allocate(11 * MIB).size == 12 * MIB  # a rest of 1 MiB is not cut off
    assert pool.allocate(12 * MIB + BLOCK).size == 12 * MIB + BLOCK  # one of more is
    assert pool.reserved == 12 * MIB + 14 * MIB


def test_what_is_free_is_joined_and_used_again() -> None:
    pool = Pool()
    blocks = [pool.allocate(5 * MIB) for _ in range(4)]
    for block in (blocks[1], blocks[3], blocks[2], blocks[0]):
        pool.release(block)
    assert pool.allocate(20 * MIB).size == 20 * MIB
    assert pool.reserved == LARGE_SEGMENT


def test_the_best_fitting_block_is_taken() -> None:
    pool = Pool()
    wide, tight = pool.allocate(40 * MIB), pool.allocate(30 * MIB)
    place = tight.address
    pool.release(wide)
    pool.release(tight)
    assert pool.allocate(29 * MIB).address == place


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 30 * MIB), st.booleans()), max_size=60))
def test_blocks_never_overlap(requests: list[tuple[int, bool]]) -> None:
    pool = Pool()
    held: list[Block] = []
    for size, give_back in requests:
        block = pool.allocate(size)
        assert size <= block.size < size + BLOCK + MIB
        held.append(block)
        if give_back:
            pool.release(held.pop(0))
    spans = sorted((b.address, b.address + b.size) for b in held)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    assert sum(b.size for b in held) <= pool.reserved
