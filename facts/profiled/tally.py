"""Counts of hashed pairs in bounded memory, the same whatever the order of the parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transxlab.facts.profiled.tokens import Counts, Flags, Hashes

LIMIT = 1_500_000
"""Pairs that are held; above it only the keys below a falling bound are counted."""

_DEEPEST = 24


@dataclass(slots=True)
class Pairs:
    """Distinct (key, value) pairs with their number of rows and their first place.

    When there are too many, keys (not rows) are sampled by their hash, so that all rows of a kept
    key are still there: shares stay unbiased, and the kept keys depend on the data alone.
    """

    key: Hashes
    """Key of each pair, sorted."""
    value: Hashes
    """Value of each pair, sorted within a key."""
    count: Counts
    """Rows with this pair."""
    first: Counts
    """Smallest place of those rows."""


class Tally:
    """Counts pairs of hashes; see Pairs."""

    __slots__ = ("_held", "_pending", "_waiting", "level", "limit")

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self.level = 0
        self._held: Pairs | None = None
        self._pending: list[Pairs] = []
        self._waiting = 0

    def add(self, key: Hashes, value: Hashes, place: Counts) -> None:
        """Count one row for each (key, value), standing at its place."""
        import numpy as np

        self._take(Pairs(key, value, np.ones(len(key), np.int64), place))

    def merge(self, other: Tally) -> None:
        """Take over the counts of another part of the data."""
        self.level = max(self.level, other.level)
        for pairs in (other._held, *other._pending):
            if pairs is not None:
                self._take(pairs)

    def pairs(self) -> Pairs:
        """The counted pairs, in the order of their hashes."""
        self._compact()
        assert self._held is not None
        return self._held

    @property
    def share(self) -> float:
        """Share of all keys that are counted, 1 while everything fits."""
        return 0.5**self.level

    def _take(self, pairs: Pairs) -> None:
        self._pending.append(pairs)
        self._waiting += len(pairs.key)
        if self._waiting > self.limit // 2:
            self._compact()

    def _compact(self) -> None:
        import numpy as np

        parts = ([] if self._held is None else [self._held]) + self._pending
        self._pending, self._waiting = [], 0
        empty = np.zeros(0, np.uint64)
        key = np.concatenate([p.key for p in parts] or [empty])
        value = np.concatenate([p.value for p in parts] or [empty])
        count = np.concatenate([p.count for p in parts] or [np.zeros(0, np.int64)])
        first = np.concatenate([p.first for p in parts] or [np.zeros(0, np.int64)])
        self._held = self._thin(_grouped(Pairs(key, value, count, first)))

    def _thin(self, pairs: Pairs) -> Pairs:
        import numpy as np

        while True:
            if self.level:
                kept = pairs.key < np.uint64(1 << (64 - self.level))
                pairs = _where(pairs, kept)
            if len(pairs.key) <= self.limit or self.level >= _DEEPEST:
                return pairs
            self.level += 1


def _where(pairs: Pairs, kept: Flags | Counts) -> Pairs:
    return Pairs(pairs.key[kept], pairs.value[kept], pairs.count[kept], pairs.first[kept])


def _grouped(pairs: Pairs) -> Pairs:
    import numpy as np

    if not len(pairs.key):
        return pairs
    order = np.lexsort((pairs.value, pairs.key))
    pairs = _where(pairs, order)
    new = np.ones(len(pairs.key), bool)
    new[1:] = (pairs.key[1:] != pairs.key[:-1]) | (pairs.value[1:] != pairs.value[:-1])
    starts = np.flatnonzero(new)
    return Pairs(
        pairs.key[starts],
        pairs.value[starts],
        np.add.reduceat(pairs.count, starts),
        np.minimum.reduceat(pairs.first, starts),
    )
