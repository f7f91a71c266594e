"""The search for nearly equal rows among sketches on a shelf, in memory that does not grow.

A band at a time, and of a band a range of keys at a time, so many that about AT_ONCE rows are held.
Rows with one key stand side by side; what is likely by the prints of two rows is checked on their
sketches.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from transxlab.facts.profiled import compiled
from transxlab.facts.profiled.measures.near import BANDS, BINS, JACCARD, resemblance
from transxlab.facts.profiled.shelf import Segment, Shelf

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from transxlab.facts.profiled.measures.near import Links
    from transxlab.facts.profiled.tokens import Counts, Flags

AT_ONCE = 1 << 19
"""Rows that are held at once."""

PAIRS_AT_ONCE = 1 << 15
"""Pairs whose sketches are held at once."""

ERRORS = 4
"""Standard errors of the print's estimate below JACCARD at which a pair is dropped unchecked."""

_HALF = BINS // 64


class Alike:
    """The rows of a shelf, numbered in the order of their places, and what resembles what."""

    def __init__(self, shelf: Shelf) -> None:
        import numpy as np

        self._segments = sorted(shelf.segments(), key=lambda s: int(s.column("place")[0]))
        sizes = [segment.rows for segment in self._segments]
        self._begins = np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))
        self.rows = int(self._begins[-1])
        self._earlier: NDArray[np.int32] = np.zeros(0, np.int32)

    def links(self, bands: Sequence[int]) -> Links:
        """Rows that by some bands resemble an earlier one, ascending, and that row of each."""
        import numpy as np

        self._earlier = np.full(self.rows, -1, np.int32)
        ranges = -(-self.rows // AT_ONCE)
        for band in bands:
            for index in range(ranges):
                self._range(band, index, ranges)
        row = np.flatnonzero(self._earlier >= 0)
        return row, self._earlier[row].astype(np.int64)

    def gather(self, name: str, rows: Counts) -> NDArray[Any]:
        """A column of some rows."""
        import numpy as np

        order = np.argsort(rows, kind="stable")
        ordered = rows[order]
        cuts = np.searchsorted(ordered, self._begins)
        kind, shape = np.dtype(np.int64), tuple[int, ...]()
        if self._segments:
            some = self._segments[0].column(name)
            kind, shape = some.dtype, some.shape[1:]
        found = np.empty((len(rows), *shape), kind)
        for index in np.flatnonzero(np.diff(cuts)).tolist():
            at = slice(cuts[index], cuts[index + 1])
            local = ordered[at] - self._begins[index]
            found[order[at]] = self._segments[index].column(name)[local]
        return found

    def _range(self, band: int, index: int, ranges: int) -> None:
        """Link the rows of one band whose keys fall into one range."""
        import numpy as np

        low, high = ((1 << 32) * i // ranges for i in (index, index + 1))
        parts = [
            _rows(segment, int(begin), band, (low, high))
            for segment, begin in zip(self._segments, self._begins, strict=False)
        ]
        keys, rows, prints = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        # Stable: rows of one key are ordered by the key of the next band, then by their places.
        order = np.argsort(keys, kind="stable")
        keys = keys[order] >> np.uint64(32)
        beside = np.r_[False, keys[1:] == keys[:-1], False]
        paired = beside[1:] | beside[:-1]
        order = order[paired]
        keys, rows, prints = keys[paired], rows[order], prints[order]
        spot = np.arange(len(rows))
        starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]][: len(keys)])
        head = np.repeat(starts, np.diff(np.r_[starts, len(rows)]))
        for step in (1, 2, 0):
            other = spot - step if step else head
            self._check(
                rows, prints, spot, other, (other >= head) & (spot - other > 2 * (not step))
            )

    def _check(
        self, rows: Counts, prints: NDArray[np.uint64], one: Counts, two: Counts, paired: Flags
    ) -> None:
        """Link the later row of each pair that resembles the earlier one."""
        import numpy as np

        one, two = one[paired], two[paired]
        # A row that is known to resemble an earlier one needs no second proof.
        unknown = self._earlier[np.maximum(rows[one], rows[two])] < 0
        one, two = one[unknown], two[unknown]
        for begin in range(0, len(one), AT_ONCE // 8):
            left, right = one[begin : begin + AT_ONCE // 8], two[begin : begin + AT_ONCE // 8]
            near = likely(prints, left, right)
            self._link(rows[left[near]], rows[right[near]])

    def _link(self, one: Counts, two: Counts) -> None:
        import numpy as np

        later, first = np.maximum(one, two), np.minimum(one, two)
        for begin in range(0, len(later), PAIRS_AT_ONCE):
            some, other = later[begin : begin + PAIRS_AT_ONCE], first[begin : begin + PAIRS_AT_ONCE]
            sketch = self.gather("sketch", np.concatenate((some, other)))
            alike = resemblance(sketch[: len(some)], sketch[len(some) :]) >= JACCARD
            self._earlier[some[alike]] = other[alike]


def _rows(
    segment: Segment, begin: int, band: int, bounds: tuple[int, int]
) -> tuple[NDArray[np.uint64], Counts, NDArray[np.uint64]]:
    """Key (with that of the next band below it), number and print of rows within the bounds."""
    import numpy as np

    keys = segment.read(f"band{band}")
    local = np.flatnonzero((keys >= bounds[0]) & (keys < bounds[1]))
    # Mapped pages cost more than copied ones where most of them are needed.
    column = segment.read if 8 * len(local) > segment.rows else segment.column
    beside = column(f"band{(band + 1) % BANDS}")[local]
    both = (keys[local].astype(np.uint64) << np.uint64(32)) | beside
    return both, local + begin, column("print")[local]


def likely(prints: NDArray[np.uint64], one: Counts, two: Counts) -> Flags:
    """Pairs of rows whose sketches may be equal enough, judged by their prints alone.

    Of bins that both fill, equal ones agree in their last bit and others do by chance: equal bins
    are about 2 x agreeing - both, with a variance of the number of unequal ones.
    (Li and Koenig 2010, b-bit minwise hashing, with b = 1.)
    """
    import numpy as np

    both, held, agreeing = _agreement(prints, one, two)
    slack = ERRORS * np.sqrt((1 - JACCARD) * held)
    flags: Flags = 2 * agreeing - both >= JACCARD * held - slack
    return flags


def _agreement(
    prints: NDArray[np.uint64], one: Counts, two: Counts
) -> tuple[Counts, Counts, Counts]:
    """Of each pair the bins that both fill, that either fills, and whose last bits agree."""
    if (fast := compiled.kernels()) is not None:
        counted: tuple[Counts, Counts, Counts] = fast.agreement(prints, one, two)
        return counted
    left, right = prints[one], prints[two]
    both = left[:, _HALF:] & right[:, _HALF:]
    agreeing = ~(left[:, :_HALF] ^ right[:, :_HALF]) & both
    return _ones(both), _ones(left[:, _HALF:] | right[:, _HALF:]), _ones(agreeing)


def _ones(words: NDArray[np.uint64]) -> Counts:
    """Bits that are set in each row of words."""
    import numpy as np

    if hasattr(np, "bitwise_count"):
        counts: Counts = np.bitwise_count(words).sum(axis=1, dtype=np.int64)
        return counts
    bits = np.unpackbits(np.ascontiguousarray(words).view(np.uint8), axis=1)
    summed: Counts = bits.sum(axis=1, dtype=np.int64)
    return summed
