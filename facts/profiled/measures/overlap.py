"""Rows of val or test that also stand in train: exactly, normalised, by their input, or by 8-grams.

The held-out split is read first and becomes an index; train is then streamed against it, so that
memory follows the held-out split and not train.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from transxlab.facts.profiled import compiled
from transxlab.facts.profiled.block import Block
from transxlab.facts.profiled.measures.heldout import GRAM_TOKENS, Columns, content_hash
from transxlab.facts.profiled.tokens import ngrams

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from transxlab.facts.profiled.measures.items import Items
    from transxlab.facts.profiled.tokens import Counts, Flags, Hashes

EXAMPLES = 5
"""Leaked rows that are named."""

GRAM_SHARE = 0.5
"""Share of a row's own runs that must stand in one and the same train row for a leak: in templated
data runs are found all over train, but not together."""

COMMON_TRAIN = 1000
"""A run that stands at this many places in train, or more, is a template's and says nothing."""


@dataclass(frozen=True, slots=True)
class OverlapResult:
    """How much of this split stands in train; every share is of this split's rows."""

    leaked_share: float
    """Rows whose input and output stand in one train row, or whose runs of words do."""
    leaked_rows: int
    """Number of such rows."""
    exact_rows: int
    """Rows that are in train unchanged but for the order of fields."""
    normalised_rows: int
    """Further rows that are in train but for case and white space."""
    gram_rows: int
    """Further rows at least half of whose 8-token runs are in train, common runs apart."""
    input_share: float
    """Rows whose input stands in train, whatever the output."""
    examples: tuple[tuple[int, int], ...]
    """Places of leaked rows, each with the train row that has its text or most of its runs."""
    reason: str
    """The figures in a sentence."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for in train: sorted distinct hashes of every held-out split together."""

    row: Hashes
    """Contents of rows."""
    exact: Hashes
    """Exact contents of rows."""
    input: Hashes
    """Inputs."""
    gram: Hashes
    """Runs of tokens."""
    first: NDArray[np.int32]
    """For the leading bits of a run, where in ``gram`` those that begin with them begin."""
    items: Items | None = None
    """Items of benchmarks."""

    @property
    def shift(self) -> np.uint64:
        """By how many bits a hash is shifted to leave the leading ones."""
        import numpy as np

        shift: np.uint64 = np.uint64(64 - (len(self.first) - 2).bit_length())
        return shift

    def runs(self, block: Block) -> tuple[Counts, Counts]:
        """Where runs of the block's rows stand in ``gram``, and the row that each is of."""
        import numpy as np

        rows = block.rows
        size = np.diff(rows)
        grams = ngrams(block.tokens.hash, GRAM_TOKENS)
        begins = (grams >> self.shift).astype(np.int64)
        likely = self.first[begins] < self.first[begins + 1]
        likely &= np.arange(len(grams)) + GRAM_TOKENS <= np.repeat(rows[1:], size)
        at = np.flatnonzero(likely)
        hits, some = _found(self.gram, grams[at])
        return hits, np.repeat(np.arange(len(size)), size)[at[some]]


def leading(grams: Hashes) -> NDArray[np.int32]:
    """Where the hashes with each leading bits begin, about one for each; and where the last end."""
    import numpy as np

    bits = max(8, len(grams).bit_length())
    bounds = np.arange(1 << bits, dtype=np.uint64) << np.uint64(64 - bits)
    begins: NDArray[np.int32] = np.append(np.searchsorted(grams, bounds), len(grams)).astype(
        np.int32
    )
    return begins


def wanted(splits: list[Columns], items: Items | None = None) -> Wanted:
    """The distinct hashes of some splits, and the items of benchmarks."""
    import numpy as np

    def distinct(name: str) -> Hashes:
        parts = [getattr(c, name) for c in splits]
        merged: Hashes = np.unique(np.concatenate(parts)) if parts else np.zeros(0, np.uint64)
        return merged

    gram = distinct("gram")
    return Wanted(distinct("row"), distinct("exact"), distinct("input"), gram, leading(gram), items)


class Seen:
    """Which of the wanted hashes stand in train; merges by minimum and sum."""

    def __init__(self, sought: Wanted) -> None:
        import numpy as np

        self.sought = sought
        self.row: Counts = np.full(len(sought.row), -1, np.int64)
        self.exact: Flags = np.zeros(len(sought.exact), bool)
        self.input: Flags = np.zeros(len(sought.input), bool)
        self.gram: Counts = np.zeros(len(sought.gram), np.int64)
        self.packed: tuple[Counts, ...] | None = None
        self.gram_place: Counts = np.full(len(sought.gram), -1, np.int64)

    def update(self, block: Block) -> None:
        """Look the rows of a block of train up."""
        import numpy as np

        if not len(self.sought.row):
            return
        hits, at = _found(self.sought.row, content_hash(block))
        places = block.places[at]
        _keep_first(self.row, hits, places)
        self.exact[_found(self.sought.exact, block.row_hash)[0]] = True
        self.input[_found(self.sought.input, block.input_hash)[0]] = True
        sought = self.sought
        if (fast := compiled.kernels()) is not None:
            known = (sought.first, sought.shift, sought.gram)
            seen = (self.gram, self.gram_place)
            fast.count_runs(block.tokens.hash, block.rows, block.places, GRAM_TOKENS, *known, *seen)
            return
        hits, owner = sought.runs(block)
        np.add.at(self.gram, hits, 1)
        _keep_first(self.gram_place, hits, block.places[owner])

    def merge(self, other: Seen) -> None:
        """Take over what another part of train held."""
        other.pack()
        assert other.packed is not None
        row, row_place, exact, inputs, gram, count, gram_place = other.packed
        _keep_first(self.row, row, row_place)
        self.exact[exact] = True
        self.input[inputs] = True
        self.gram[gram] += count
        _keep_first(self.gram_place, gram, gram_place)

    def pack(self) -> None:
        """Keep the hits alone: the tables are large, known to the receiver, and mostly without."""
        if self.packed is not None:
            return
        row, gram = (self.row >= 0).nonzero()[0], self.gram.nonzero()[0]
        exact, inputs = self.exact.nonzero()[0], self.input.nonzero()[0]
        places = self.gram_place[gram]
        self.packed = (row, self.row[row], exact, inputs, gram, self.gram[gram], places)
        del self.sought, self.row, self.exact, self.input, self.gram, self.gram_place

    def result(self, split: Columns) -> OverlapResult:
        """How much of one held-out split was seen."""
        import numpy as np

        rows = len(split.row)
        exact = _lookup(self.sought.exact, self.exact, split.exact)
        train_place = _lookup(self.sought.row, self.row, split.row)
        same = train_place >= 0
        by_gram, gram_place = self._by_runs(split)
        by_gram &= ~same
        train_place = np.where(by_gram, gram_place, train_place)
        leaked = same | by_gram
        with_input = split.input != 0
        inputs = _lookup(self.sought.input, self.input, split.input) & with_input
        at = np.flatnonzero(leaked)[:EXAMPLES]
        share = float(leaked.mean()) if rows else 0.0
        return OverlapResult(
            leaked_share=share,
            leaked_rows=int(leaked.sum()),
            exact_rows=int(exact.sum()),
            normalised_rows=int((same & ~exact).sum()),
            gram_rows=int(by_gram.sum()),
            input_share=float((inputs | leaked).mean()) if rows else 0.0,
            examples=tuple((int(split.place[i]), int(train_place[i])) for i in at),
            reason=f"{int(leaked.sum()):,} of {rows:,} rows stand in train: {int(exact.sum()):,} "
            f"unchanged, {int((same & ~exact).sum()):,} but for case and spaces, "
            f"{int(by_gram.sum()):,} by runs of {GRAM_TOKENS} tokens",
        )

    def _by_runs(self, split: Columns) -> tuple[Flags, Counts]:
        """For each row whether one train row has most of its runs, and which train row."""
        import numpy as np

        rows = len(split.row)
        counts = _lookup(self.sought.gram, self.gram, split.gram)
        places = _lookup(self.sought.gram, self.gram_place, split.gram)
        telling = counts < COMMON_TRAIN
        runs = np.bincount(split.owner[telling], minlength=rows)
        hit = telling & (counts > 0)
        owner, place = split.owner[hit], places[hit]
        order = np.lexsort((place, owner))
        owner, place = owner[order], place[order]
        new = np.ones(len(owner), bool)
        new[1:] = (owner[1:] != owner[:-1]) | (place[1:] != place[:-1])
        starts = np.flatnonzero(new)
        together = np.diff(np.r_[starts, len(owner)])
        most, source = np.zeros(rows, np.int64), np.full(rows, -1, np.int64)
        rising = np.argsort(together, kind="stable")
        most[owner[starts[rising]]] = together[rising]
        source[owner[starts[rising]]] = place[starts[rising]]
        leaked: Flags = (most > 0) & (most >= GRAM_SHARE * runs)
        return leaked, source


def _found(table: Hashes, values: Hashes) -> tuple[Counts, Counts]:
    """Where values stand in a sorted table, and which of the values they are."""
    import numpy as np

    if not len(table):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    spot = np.searchsorted(table, values)
    at = np.flatnonzero(table[np.minimum(spot, len(table) - 1)] == values)
    return spot[at], at


_Column = TypeVar("_Column", bound="NDArray[Any]")


def _lookup(table: Hashes, column: _Column, values: Hashes) -> _Column:
    """The entry of a column for each value; every value stands in the table."""
    import numpy as np

    found = column[np.searchsorted(table, values)] if len(values) else column[:0]
    return cast("_Column", found)


def _keep_first(first: Counts, hits: Counts, places: Counts) -> None:
    """Lower the first places at ``hits`` to ``places``; below 0 means none yet."""
    import numpy as np

    largest = np.iinfo(np.int64).max
    first[hits] = np.where(first[hits] < 0, largest, first[hits])
    np.minimum.at(first, hits, places)
