"""Lengths as a histogram: exact where rows are short, within 1.1% above, merged by addition."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transxlab.facts.profiled.tokens import Counts

_EXACT = 2048
_PER_DOUBLING = 64
_BINS = _EXACT + 24 * _PER_DOUBLING


class Histogram:
    """Counts of lengths of 0 and more."""

    __slots__ = ("counts", "largest", "total")

    def __init__(self) -> None:
        import numpy as np

        self.counts: Counts = np.zeros(_BINS, np.int64)
        self.largest = 0
        self.total = 0

    def add(self, lengths: Counts) -> None:
        """Count some lengths."""
        import numpy as np

        if not len(lengths):
            return
        bins = lengths.astype(np.int64)
        long = bins >= _EXACT
        if long.any():
            steps = np.log2(bins[long] / _EXACT) * _PER_DOUBLING
            bins[long] = np.minimum(_EXACT + steps.astype(np.int64), _BINS - 1)
        self.counts += np.bincount(bins, minlength=_BINS)
        self.largest = max(self.largest, int(lengths.max()))
        self.total += int(lengths.sum())

    def merge(self, other: Histogram) -> None:
        """Take over the counts of another part of the data."""
        self.counts += other.counts
        self.largest = max(self.largest, other.largest)
        self.total += other.total

    @property
    def rows(self) -> int:
        """Lengths counted."""
        return int(self.counts.sum())

    @property
    def mean(self) -> float:
        """Mean length, exact; 0 for no rows."""
        return self.total / self.rows if self.rows else 0.0

    def quantile(self, share: float) -> int:
        """The length that ``share`` of the rows stay within (nearest rank)."""
        import numpy as np

        if not self.rows:
            return 0
        if share >= 1:
            return self.largest
        rank = max(1, int(np.ceil(share * self.rows)))
        index = int(np.searchsorted(np.cumsum(self.counts), rank))
        return min(_upper(index), self.largest)

    def quantiles(self) -> tuple[int, ...]:
        """The lengths at 0, 1, ... 100%."""
        return tuple(self.quantile(percent / 100) for percent in range(101))

    def share_above(self, length: int) -> float:
        """Share of rows longer than ``length``."""
        if not self.rows or length >= self.largest:
            return 0.0
        above = sum(int(n) for i, n in enumerate(self.counts) if n and _upper(i) > length)
        return above / self.rows


def _upper(index: int) -> int:
    """The largest length that falls into a bin."""
    if index < _EXACT:
        return index
    return int(_EXACT * 2 ** ((index - _EXACT + 1) / _PER_DOUBLING))
