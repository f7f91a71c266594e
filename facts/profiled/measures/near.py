"""Rows nearly equal to an earlier row: MinHash over runs of five tokens, Jaccard 0.8 and above.

One-permutation hashing (Li, Owen, Zhang 2012): every run falls into one of 256 bins by its hash
and each bin keeps its smallest. Bands of six bins find candidates; empty bins borrow from others
(Shrivastava 2017); the share of equal bins then estimates the Jaccard index of each candidate pair.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from transxlab.facts.profiled.block import Block
from transxlab.facts.profiled.shelf import Shelf
from transxlab.facts.profiled.tokens import mix, ngrams

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from transxlab.facts.profiled.tokens import Counts, Flags

JACCARD = 0.8
"""Share of common runs from which two rows are nearly equal."""

RUN_TOKENS = 5
"""Tokens of the runs that are compared; datatrove and FineWeb use the same."""

BINS = 256
"""Bins of a sketch, one byte each."""

BANDS = 20
"""Bands of the candidate search: 1 - (1 - 0.8**6)**20 = 99.8% of pairs at Jaccard 0.8 are found."""

BAND_BINS = 6
"""Bins of a band."""

EXAMPLES = 5
"""Clusters that are named."""

FIRST_BINS = 64
"""Bins that are compared first, held in memory."""

FIRST_JACCARD = 0.6
"""Estimate on the first bins below which a pair is dropped: 4 standard errors under JACCARD."""

_EMPTY = 0xFFFFFFFF
_ATTEMPTS = 48
_PAIRS_AT_ONCE = 1 << 16


@dataclass(frozen=True, slots=True)
class NearResult:
    """How many rows are nearly equal to an earlier one, exact copies among them."""

    share: float
    """Share of rows nearly equal to an earlier row."""
    rows: int
    """Such rows."""
    clusters: tuple[tuple[int, int], ...]
    """First place and number of rows of the largest groups of nearly equal rows."""
    pairs: tuple[tuple[int, int], ...]
    """Places of a row and of the earlier row that it resembles, some of them."""
    reason: str
    """The figures in a sentence."""


class Near:
    """Sketches of all rows; see NearResult."""

    def __init__(self) -> None:
        self.rows = 0
        self.shelf = Shelf()

    def update(self, block: Block) -> None:
        """Sketch the rows of a block."""
        import numpy as np

        self.rows += len(block.lines)
        sizes = np.diff(block.rows)
        at = np.flatnonzero(sizes >= RUN_TOKENS)
        bins = _bins(block, sizes)[at]
        sketch = (bins % np.uint32(255) + np.uint32(1)).astype(np.uint8)
        sketch[bins == _EMPTY] = 0
        keys = _band_keys(_densified(bins[:, : BANDS * BAND_BINS], bins))
        columns = {f"band{band}": keys[:, band] for band in range(BANDS)}
        self.shelf.add(place=block.places[at], sketch=sketch, **columns)

    def merge(self, other: Near) -> None:
        """Take over the sketches of another part of the data."""
        self.rows += other.rows
        self.shelf.merge(other.shelf)

    def result(self) -> NearResult:
        """Candidates from every band, checked on their sketches."""
        import numpy as np

        places, earlier = self._earlier()
        near = np.flatnonzero(earlier != np.arange(len(places)))
        return self._told(places, near, earlier)

    def repeats(self) -> list[tuple[int, int]]:
        """Place of every row nearly equal to an earlier one, and that one's place, in order."""
        import numpy as np

        places, earlier = self._earlier()
        near = np.flatnonzero(earlier != np.arange(len(places)))
        return sorted(zip(places[near].tolist(), places[earlier[near]].tolist(), strict=True))

    def _earlier(self) -> tuple[Counts, Counts]:
        """Places of the rows, and for each row the index of the earlier one it resembles."""
        import numpy as np

        places = self.shelf.column("place")
        rank = np.empty(len(places), np.int64)
        rank[np.argsort(places, kind="stable")] = np.arange(len(places))
        earlier = np.arange(len(places))
        if len(places):
            search = _Search(self.shelf, rank, earlier)
            for band in range(BANDS):
                search.band(band)
        return places, earlier

    def _told(self, places: Counts, near: Counts, earlier: Counts) -> NearResult:
        import numpy as np

        root = earlier.copy()
        while True:
            above = root[root]
            if np.array_equal(above, root):
                break
            root = above
        heads, counts = np.unique(root[near], return_counts=True)
        top = np.lexsort((places[heads], -counts))[:EXAMPLES]
        some = near[np.argsort(places[near])][:EXAMPLES]
        share = len(near) / self.rows if self.rows else 0.0
        return NearResult(
            share=share,
            rows=len(near),
            clusters=tuple((int(places[heads[i]]), int(counts[i]) + 1) for i in top),
            pairs=tuple((int(places[i]), int(places[earlier[i]])) for i in some),
            reason=f"{share:.2%} of rows are nearly equal to an earlier row "
            f"(Jaccard {JACCARD} of {RUN_TOKENS}-token runs), exact copies among them",
        )


def _bins(block: Block, sizes: Counts) -> NDArray[np.uint32]:
    """For each row the smallest hash in every bin; _EMPTY where there is none."""
    import numpy as np

    hashes = mix(ngrams(block.tokens.hash, RUN_TOKENS))
    whole = np.arange(len(hashes)) + RUN_TOKENS <= np.repeat(block.rows[1:], sizes)
    owner = np.repeat(np.arange(len(sizes)), sizes)[whole]
    hashes = hashes[whole]
    cell = owner * BINS + (hashes >> np.uint64(56)).astype(np.int64)
    low = (hashes & np.uint64(_EMPTY)).astype(np.uint32)
    bins = np.full(len(sizes) * BINS, _EMPTY, np.uint32)
    np.minimum.at(bins, cell, low)
    square: NDArray[np.uint32] = bins.reshape(len(sizes), BINS)
    return square


def _densified(wanted: NDArray[np.uint32], bins: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The wanted bins, empty ones filled from bins drawn by a fixed series."""
    import numpy as np

    filled: NDArray[np.uint32] = wanted.copy()
    row, column = np.nonzero(filled == _EMPTY)
    for attempt in range(1, _ATTEMPTS):
        if not len(row):
            return filled
        donor = mix(column.astype(np.uint64) * np.uint64(_ATTEMPTS) + np.uint64(attempt))
        value = bins[row, (donor & np.uint64(BINS - 1)).astype(np.int64)]
        found = value != _EMPTY
        filled[row[found], column[found]] = value[found]
        row, column = row[~found], column[~found]
    if len(row):
        filled[row, column] = bins.min(axis=1)[row]
    return filled


def _band_keys(bins: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """One hash for each band of each row."""
    import numpy as np

    grouped = bins.reshape(len(bins), BANDS, BAND_BINS).astype(np.uint64)
    key = np.zeros((len(bins), BANDS), np.uint64)
    for index in range(BAND_BINS):
        key = mix(key * np.uint64(3) + grouped[:, :, index])
    short: NDArray[np.uint32] = (key >> np.uint64(32)).astype(np.uint32)
    return short


class _Search:
    """Candidates band by band, checked; ``earlier`` learns the earlier row that each resembles."""

    def __init__(self, shelf: Shelf, rank: Counts, earlier: Counts) -> None:
        import numpy as np

        self._shelf, self._rank, self._earlier = shelf, rank, earlier
        self._by_rank = np.argsort(rank)
        self._first = shelf.column("sketch")[:, :FIRST_BINS].copy()

    def band(self, band: int) -> None:
        """Rows with one key stand side by side, alike ones first by the key of the next band."""
        import numpy as np

        keys = self._shelf.column(f"band{band}").astype(np.uint64)
        beside = self._shelf.column(f"band{(band + 1) % BANDS}")
        both = ((keys << np.uint64(32)) | beside)[self._by_rank]
        order = self._by_rank[np.argsort(both, kind="stable")]
        keys = keys[order]
        starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
        head = np.repeat(starts, np.diff(np.r_[starts, len(order)]))
        spot = np.arange(len(order))
        for step in (1, 2):
            near = spot - step >= head
            self._check(order[spot[near]], order[spot[near] - step])
        far = spot - head > 2
        self._check(order[spot[far]], order[head[far]])

    def _check(self, left: Counts, right: Counts) -> None:
        import numpy as np

        rank, earlier = self._rank, self._earlier
        later = np.where(rank[left] > rank[right], left, right)
        first = np.where(rank[left] > rank[right], right, left)
        # A row that is known to resemble an earlier one needs no second proof.
        unknown = earlier[later] == later
        later, first = later[unknown], first[unknown]
        sketches = self._shelf.column("sketch")
        for begin in range(0, len(later), _PAIRS_AT_ONCE):
            one, two = later[begin : begin + _PAIRS_AT_ONCE], first[begin : begin + _PAIRS_AT_ONCE]
            likely = resemblance(self._first[one], self._first[two]) >= FIRST_JACCARD
            one, two = one[likely], two[likely]
            alike = resemblance(sketches[one], sketches[two]) >= JACCARD
            earlier[one[alike]] = two[alike]


def resemblance(one: NDArray[np.uint8], two: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Estimated Jaccard index of pairs of sketches: equal bins over bins that either fills.

    A byte is equal by chance in 1 of 255 unequal bins: 0.0008 at 0.8, left in.
    """
    import numpy as np

    held: Flags = (one > 0) | (two > 0)
    equal = np.count_nonzero((one == two) & held, axis=1)
    share: NDArray[np.float64] = equal / np.maximum(np.count_nonzero(held, axis=1), 1)
    return share
