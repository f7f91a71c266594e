"""Which rows of train have a held-out row in them: the other direction of ``measures.overlap``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transxlab.facts.profiled.block import Block
from transxlab.facts.profiled.measures.heldout import Columns, content_hash, row_grams
from transxlab.facts.profiled.measures.overlap import COMMON_TRAIN, GRAM_SHARE

if TYPE_CHECKING:
    from transxlab.facts.profiled.tokens import Counts, Flags


class HeldOut:
    """Held-out rows to be found in train.

    Rows of train are first counted (``count``), then judged (``leaks``): a run that train has in
    very many places is a template's and says nothing.
    """

    def __init__(self, columns: Columns) -> None:
        import numpy as np

        self._columns = columns
        self._rows = np.unique(columns.row)
        order = np.argsort(columns.gram, kind="stable")
        self._gram, self._owner = columns.gram[order], columns.owner[order]
        self._distinct, self._begin = np.unique(self._gram, return_index=True)
        self._end = np.append(self._begin[1:], len(self._gram))
        self._seen = np.zeros(len(self._distinct), np.int64)
        self._needed: Counts | None = None

    def count(self, block: Block) -> None:
        """Count the runs of some rows of train."""
        import numpy as np

        hits, _ = self._hits(block)
        self._seen += np.bincount(hits, minlength=len(self._seen))

    def leaks(self, block: Block) -> list[tuple[int, int]]:
        """Index of a row and place of a held-out row it gives away, every pair, sorted."""
        import numpy as np

        columns = self._columns
        order = np.argsort(columns.row, kind="stable")
        table, content = columns.row[order], content_hash(block)
        begin = np.searchsorted(table, content, "left")
        spread = np.searchsorted(table, content, "right") - begin
        same = np.repeat(np.arange(len(content)), spread)
        pairs = {
            (by, int(columns.place[held]))
            for by, held in zip(same.tolist(), order[_ranges(begin, spread)], strict=True)
        }
        by, held = self._by_runs(block)
        pairs.update(zip(by.tolist(), columns.place[held].tolist(), strict=True))
        return sorted(pairs)

    def _by_runs(self, block: Block) -> tuple[Counts, Counts]:
        """Rows of the block, and held-out rows at least half of whose telling runs each has."""
        import numpy as np

        hits, rows = self._hits(block)
        rare = self._seen[hits] < COMMON_TRAIN
        hits, rows = hits[rare], rows[rare]
        spread = self._end[hits] - self._begin[hits]
        owner = self._owner[_ranges(self._begin[hits], spread)]
        size = max(len(self._columns.row), 1)
        pairs, together = np.unique(np.repeat(rows, spread) * size + owner, return_counts=True)
        enough = together >= GRAM_SHARE * self._runs()[pairs % size]
        by, held = np.divmod(pairs[enough], size)
        return by, held

    def _runs(self) -> Counts:
        """Telling runs of each held-out row."""
        import numpy as np

        if self._needed is None:
            telling = np.repeat(self._seen < COMMON_TRAIN, self._end - self._begin)
            counts = np.bincount(self._owner[telling], minlength=len(self._columns.row))
            self._needed = np.maximum(counts, 1)
        return self._needed

    def _hits(self, block: Block) -> tuple[Counts, Counts]:
        """Held-out runs that stand in the rows of a block, and the row each stands in."""
        import numpy as np

        grams, owner = row_grams(block)
        if not len(self._distinct):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        spot = np.minimum(np.searchsorted(self._distinct, grams), len(self._distinct) - 1)
        held: Flags = self._distinct[spot] == grams
        return spot[held], owner[held]


def _ranges(begin: Counts, size: Counts) -> Counts:
    """The numbers ``begin, begin + 1, ...`` of every range, one after the other."""
    import numpy as np

    if not len(size):
        return np.zeros(0, np.int64)
    first = np.repeat(begin - np.concatenate(([0], np.cumsum(size)[:-1])), size)
    return first + np.arange(int(size.sum()))
