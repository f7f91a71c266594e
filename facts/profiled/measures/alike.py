"""The search for nearly equal rows among sketches on a shelf, in memory that does not grow.

A band at a time, and of a band a range of keys at a time, so many that about AT_ONCE rows are held.
Rows with one key stand side by side; what is likely by the prints of two rows is checked on their
sketches.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from transxlab.facts.profiled import compiled
from transxlab.facts.profiled.measures.near import BANDS, BINS, JACCARD, resemblance
from transxlab.facts.profiled.shelf import Segment, Shelf

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from transxlab.facts.profiled.measures.near import Links
    from transxlab.facts.profiled.tokens import Counts, Flags, Hashes

    _Rows: TypeAlias = tuple[Hashes, Counts, Hashes]

AT_ONCE = 1 << 19
"""Rows that are held at once."""

PAIRS_AT_ONCE = 1 << 15
"""Pairs whose sketches are held at once."""

ERRORS = 4
"""Standard errors of the print's estimate below JACCARD at which a pair is dropped unchecked."""

_HALF = BINS // 64
_INDEX = (1 << 21) - 1
"""Bits of a packed key that hold the number of a row among those held."""


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
        bounds = tuple((1 << 32) * i // ranges for i in (index, index + 1))
        parts: list[_Rows] = []
        for segment, begin in zip(self._segments, self._begins, strict=False):
            parts.append(_rows(segment, int(begin), band, bounds))
            # Copies without end share a key: of each key the first row stands for those before.
            if sum(len(part[0]) for part in parts) > 2 * AT_ONCE:
                rows = _joined(parts)
                self._linked(*rows)
                parts = [_firsts(*rows)]
        self._linked(*_joined(parts))

    def _linked(self, keys: Hashes, rows: Counts, prints: Hashes) -> None:
        """Link rows of one key."""
        import numpy as np

        # One number holds key, part of the next band's key and place: the fastest sort there is.
        packed = np.sort((keys & ~np.uint64(_INDEX)) | np.arange(len(keys), dtype=np.uint64))
        order = (packed & np.uint64(_INDEX)).astype(np.int64)
        key = packed >> np.uint64(32)
        new = np.r_[True, key[1:] != key[:-1], True]
        order = order[~(new[1:] & new[:-1])]
        keys, rows, prints = keys[order] >> np.uint64(32), rows[order], prints[order]
        spot = np.arange(len(rows))
        starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]][: len(keys)])
        head = np.repeat(starts, np.diff(np.r_[starts, len(rows)]))
        pairs = []
        for step in (1, 2, 0):
            other = spot - step if step else head
            paired = (other >= head) & (spot - other > 2 * (not step))
            pairs += self._likely(rows, prints, spot[paired], other[paired])
        one, two = (np.concatenate(side) for side in zip(*pairs, strict=True))
        self._link(rows[one], rows[two])

    def _likely(
        self, rows: Counts, prints: Hashes, one: Counts, two: Counts
    ) -> list[tuple[Counts, Counts]]:
        """The pairs that are worth a look at their sketches."""
        import numpy as np

        # A row that is known to resemble an earlier one needs no second proof.
        unknown = self._earlier[np.maximum(rows[one], rows[two])] < 0
        one, two = one[unknown], two[unknown]
        pairs = [(one[:0], two[:0])]
        for begin in range(0, len(one), PAIRS_AT_ONCE):
            left, right = one[begin : begin + PAIRS_AT_ONCE], two[begin : begin + PAIRS_AT_ONCE]
            near = likely(prints, left, right)
            pairs.append((left[near], right[near]))
        return pairs

    def _link(self, one: Counts, two: Counts) -> None:
        """Link the later row of each pair that resembles the earlier one."""
        import numpy as np

        later, first = np.maximum(one, two), np.minimum(one, two)
        for begin in range(0, len(later), PAIRS_AT_ONCE):
            some, other = later[begin : begin + PAIRS_AT_ONCE], first[begin : begin + PAIRS_AT_ONCE]
            sketch = self.gather("sketch", np.concatenate((some, other)))
            alike = resemblance(sketch[: len(some)], sketch[len(some) :]) >= JACCARD
            self._earlier[some[alike]] = other[alike]


def _joined(parts: list[_Rows]) -> _Rows:
    import numpy as np

    keys, rows, prints = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return keys, rows, prints


def _firsts(keys: Hashes, rows: Counts, prints: Hashes) -> _Rows:
    """The first row of each key."""
    import numpy as np

    _, first = np.unique(keys >> np.uint64(32), return_index=True)
    first.sort()
    return keys[first], rows[first], prints[first]


def _rows(segment: Segment, begin: int, band: int, bounds: tuple[int, ...]) -> _Rows:
    """Key (with that of the next band below it), number and print of rows within the bounds."""
    import numpy as np

    keys = segment.read(f"band{band}")
    local = np.flatnonzero((keys >= bounds[0]) & (keys < bounds[1]))
    # Mapped pages cost more than copied ones where most of them are needed.
    column = segment.read if 8 * len(local) > segment.rows else segment.column
    beside = column(f"band{(band + 1) % BANDS}")[local]
    both = (keys[local].astype(np.uint64) << np.uint64(32)) | beside
    return both, local + begin, column("print")[local]


def likely(prints: Hashes, one: Counts, two: Counts) -> Flags:
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


def _agreement(prints: Hashes, one: Counts, two: Counts) -> tuple[Counts, Counts, Counts]:
    """Of each pair the bins that both fill, that either fills, and whose last bits agree."""
    if (fast := compiled.kernels()) is not None:
        counted: tuple[Counts, Counts, Counts] = fast.agreement(prints, one, two)
        return counted
    left, right = prints[one], prints[two]
    both = left[:, _HALF:] & right[:, _HALF:]
    agreeing = ~(left[:, :_HALF] ^ right[:, :_HALF]) & both
    return _ones(both), _ones(left[:, _HALF:] | right[:, _HALF:]), _ones(agreeing)


def _ones(words: Hashes) -> Counts:
    """Bits that are set in each row of words."""
    import numpy as np

    if hasattr(np, "bitwise_count"):
        counts: Counts = np.bitwise_count(words).sum(axis=1, dtype=np.int64)
        return counts
    bits = np.unpackbits(np.ascontiguousarray(words).view(np.uint8), axis=1)
    summed: Counts = bits.sum(axis=1, dtype=np.int64)
    return summed
