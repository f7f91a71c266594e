"""torch's CUDA allocator: what it hands out for a request, and what it reserves for that.

It cuts blocks from segments, the best fitting free one first, and leaves a rest of up to 1 MiB
attached to a large block; so live tensors count for more than their sizes.
(torch/c10/cuda/CUDACachingAllocator.cpp, default settings.)
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field

BLOCK = 512
"""Bytes every request is rounded up to (kMinBlockSize)."""
SMALL = 1 << 20
"""Requests up to this size share small segments; also the rest that is not cut off (kSmallSize)."""
SMALL_SEGMENT = 2 << 20
"""Bytes of a segment of small blocks (kSmallBuffer)."""
LARGE_SEGMENT = 20 << 20
"""Bytes of a segment for requests below ``LARGE`` (kLargeBuffer)."""
LARGE = 10 << 20
"""Requests from this size on get a segment of their own size (kMinLargeAlloc)."""
STEP = 2 << 20
"""Bytes such a segment is rounded up to (kRoundLarge)."""


@dataclass(slots=True)
class Block:
    """A piece of a segment."""

    address: int
    """Where it begins; addresses only order blocks."""
    size: int
    """Bytes."""
    small: bool
    """Whether it belongs to the segments of small blocks."""
    free: bool = False
    """Whether nobody holds it."""
    before: Block | None = field(default=None, repr=False)
    """Its neighbour below in the segment."""
    after: Block | None = field(default=None, repr=False)
    """Its neighbour above in the segment."""


class Pool:
    """The segments of one device, and the free blocks in them."""

    def __init__(self) -> None:
        self.reserved = 0
        """Bytes of all segments (``memory_reserved``)."""
        self._end = 0
        self._free: dict[bool, list[tuple[int, int]]] = {True: [], False: []}
        self._at: dict[int, Block] = {}

    def allocate(self, request: int) -> Block:
        """A block of at least so many bytes; what counts as allocated is its size."""
        size = max(BLOCK, -(-request // BLOCK) * BLOCK)
        small = size <= SMALL
        waiting = self._free[small]
        place = bisect_left(waiting, (size, -1))
        if place < len(waiting):
            block = self._at[waiting.pop(place)[1]]
        else:
            block = self._segment(size, small)
        block.free = False
        self._cut(block, size)
        return block

    def _segment(self, size: int, small: bool) -> Block:
        if small:
            wide = SMALL_SEGMENT
        elif size < LARGE:
            wide = LARGE_SEGMENT
        else:
            wide = -(-size // STEP) * STEP
        block = Block(self._end, wide, small)
        self._at[self._end] = block
        self._end += wide
        self.reserved += wide
        return block

    def _cut(self, block: Block, size: int) -> None:
        """Give what is too much back, unless it is too little to be worth it."""
        rest = block.size - size
        if rest < BLOCK if block.small else rest <= SMALL:
            return
        above = Block(block.address + size, rest, block.small, True, block, block.after)
        if block.after is not None:
            block.after.before = above
        block.size, block.after = size, above
        self._at[above.address] = above
        insort(self._free[block.small], (rest, above.address))

    def release(self, block: Block) -> None:
        """Take a block back, together with its free neighbours."""
        for other in (block.before, block.after):
            if other is not None and other.free:
                waiting = self._free[other.small]
                waiting.pop(bisect_left(waiting, (other.size, other.address)))
        if block.before is not None and block.before.free:
            block = self._join(block.before, block)
        if block.after is not None and block.after.free:
            block = self._join(block, block.after)
        block.free = True
        insort(self._free[block.small], (block.size, block.address))

    def _join(self, low: Block, high: Block) -> Block:
        low.size += high.size
        low.after = high.after
        if high.after is not None:
            high.after.before = low
        del self._at[high.address]
        return low
