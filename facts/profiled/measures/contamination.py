"""Items of benchmarks that stand in train: word for word, in runs of words, lightly paraphrased.

Train is streamed once. Every row that holds enough of an item's runs together is kept as a pair,
the best few of each item; which runs were too common in train to say anything is known at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from transxlab.facts.profiled.block import Block
from transxlab.facts.profiled.measures.heldout import content_hash
from transxlab.facts.profiled.measures.items import RUN_WORDS, Items, word_runs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from transxlab.facts.profiled.tokens import Counts, Flags

KEPT_ROWS = 20
"""Rows of train that are kept for each item, those with most of its runs."""

EXAMPLES = 200
"""Items that are named for each benchmark."""

WHOLE_SHARE, INPUT_SHARE = 0.4, 0.75
"""Share of an item's telling runs, or of its input's, that must stand in one row of train. Between
the two halves of GSM8K the largest shares by chance are 0.32 and 0.71; of items in which one word
in ten is changed, 99% keep 0.48 (2026-11)."""

LEAST_RUNS, SHORT_RUNS, SHORT_SHARE = 4, 8, 0.8
"""Runs that must stand together at least: eight words, the shortest that the authors of GPT-3 took;
and of an item with few runs, this share of them."""

LONG_WORDS = 13
"""Words in a row that are a collision in published practice (lm-evaluation-harness, after GPT-3)."""

COMMON_SHARE, COMMON_LEAST, COMMON_MOST = 0.002, 50, 1000
"""A run that stands in train more often than this share of its rows, but at least and at most so
many times, is a template's and says nothing."""

_SAME = 1 << 30


@dataclass(frozen=True, slots=True)
class BenchmarkResult:
    """How much of one benchmark stands in train."""

    name: str
    """Its file."""
    items: int
    """Items it has."""
    found: int
    """Items that stand in train."""
    same: int
    """Those of them that do word for word, but for case and white space."""
    touched: int
    """Items of which 13 words in a row stand in train, found or not; what templates share apart."""
    short: int
    """Items with fewer than eight words of their own: only found word for word."""
    places: tuple[tuple[int, int], ...]
    """Lines of the first items that were found, each with the place of its row of train."""
    reason: str
    """The figures in a sentence."""


@dataclass(frozen=True, slots=True)
class ContaminationResult:
    """How much of the given benchmarks stands in train."""

    benchmarks: tuple[BenchmarkResult, ...]
    """One for each file, in the order given."""
    rows: int
    """Rows of train that hold an item; of an item in more than 20 rows only those are counted."""
    share: float
    """Share of rows of train that do."""
    examples: tuple[int, ...]
    """Places of the first of those rows."""


class Held:
    """Which items stand in which rows of train; see ContaminationResult."""

    def __init__(self, sought: Items) -> None:
        import numpy as np

        self.sought: Items | None = sought
        self.count: Counts = np.zeros(len(sought.run), np.int64)
        self.pairs: Counts = np.zeros((0, 4), np.int64)
        self.found: tuple[Counts, Counts] | None = None

    def update(self, block: Block) -> None:
        """Look the rows of a block of train up."""
        import numpy as np

        assert self.sought is not None
        hits, at, row = _hits(self.sought, block)
        np.add.at(self.count, hits, 1)
        pairs = np.concatenate((_together(self.sought, hits, at, row), _same(self.sought, block)))
        if len(pairs):
            pairs[:, 3] = block.places[pairs[:, 3]]
            self.pairs = _best(np.concatenate((self.pairs, pairs)))

    def merge(self, other: Held) -> None:
        """Take over what another part of train held."""
        import numpy as np

        other.pack()
        assert other.found is not None
        at, count = other.found
        self.count[at] += count
        self.pairs = _best(np.concatenate((self.pairs, other.pairs)))

    def pack(self) -> None:
        """Keep the counts above zero alone: the index is large and known to the receiver."""
        if self.found is None:
            at = self.count.nonzero()[0]
            self.found = at, self.count[at]
            self.sought = None
            del self.count

    def result(self, rows: int) -> ContaminationResult:
        """What was found of each benchmark in so many rows of train."""
        import numpy as np

        items = self.sought
        assert items is not None
        pairs = self.pairs
        telling, own = _telling(items, self.count, rows)
        # Runs that say nothing may be among those that were found: as many are taken off.
        left = pairs[:, 1] - (items.size - telling)[pairs[:, 0]]
        same = pairs[:, 1] >= _SAME
        long = (pairs[:, 2] >= LONG_WORDS) & (left >= LONG_WORDS - RUN_WORDS + 1)
        held = same | (left >= _needed(telling, pairs[:, 0]))
        benchmarks = tuple(
            _benchmark(items, number, own, pairs, (held, same, long))
            for number in range(len(items.names))
        )
        where = np.unique(pairs[held, 3])
        return ContaminationResult(
            benchmarks=benchmarks,
            rows=len(where),
            share=len(where) / rows if rows else 0.0,
            examples=tuple(where[:EXAMPLES].tolist()),
        )


def _hits(items: Items, block: Block) -> tuple[Counts, Counts, Counts]:
    """Runs of the items that stand in the block, where, and in which row."""
    import numpy as np

    runs, at, row = word_runs(block)
    shift = np.uint64(64 - (len(items.leading) - 2).bit_length())
    begins = (runs >> shift).astype(np.int64)
    likely = np.flatnonzero(items.leading[begins] < items.leading[begins + 1])
    if not len(likely):
        return likely, likely, likely
    spot = np.searchsorted(items.run, runs[likely])
    spot = np.minimum(spot, len(items.run) - 1)
    good = items.run[spot] == runs[likely]
    return spot[good], at[likely[good]], row[likely[good]]


def _together(items: Items, hits: Counts, at: Counts, row: Counts) -> Counts:
    """Pairs of document and row with enough runs together: document, runs, words in a row, row."""
    import numpy as np

    none = np.zeros((0, 4), np.int64)
    if not len(hits):
        return none
    busy = np.bincount(row)[row] >= LEAST_RUNS
    hits, at, row = hits[busy], at[busy], row[busy]
    if not len(hits):
        return none
    spread = items.spot[hits + 1] - items.spot[hits]
    step = np.arange(int(spread.sum())) - np.repeat(np.cumsum(spread) - spread, spread)
    document = items.document[np.repeat(items.spot[hits], spread) + step]
    key = np.repeat(row, spread) * len(items.size) + document
    run, where = np.repeat(hits, spread), np.repeat(at, spread)
    pairs, runs = np.unique(np.unique(np.stack((key, run), 1), axis=0)[:, 0], return_counts=True)
    document = pairs % len(items.size)
    enough = runs >= _needed(items.size, document)
    # Of the others only long runs of words are of interest.
    worth = pairs[enough | (runs >= LONG_WORDS - RUN_WORDS + 1)]
    if not len(worth):
        return none
    words = _longest(key, where, worth)
    rows, spot = worth // len(items.size), np.searchsorted(pairs, worth)
    made = np.stack((worth % len(items.size), runs[spot], words, rows), 1)
    return made[enough[spot] | (words >= LONG_WORDS)]


def _longest(key: Counts, where: Counts, worth: Counts) -> Counts:
    """The most words in a row that each of the pairs ``worth`` has in common."""
    import numpy as np

    taken = np.isin(key, worth)
    key, where = key[taken], where[taken]
    order = np.lexsort((where, key))
    key, where = key[order], where[order]
    new = np.ones(len(key), bool)
    new[1:] = (key[1:] != key[:-1]) | (where[1:] - where[:-1] > 1)
    starts = np.flatnonzero(new)
    length = where[np.append(starts[1:], len(key)) - 1] - where[starts] + RUN_WORDS
    most = np.zeros(len(worth), np.int64)
    np.maximum.at(most, np.searchsorted(worth, key[starts]), length)
    return most


def _same(items: Items, block: Block) -> Counts:
    """Rows that are an item, word for word, as pairs of its document."""
    import numpy as np

    order = np.argsort(items.content, kind="stable")
    table, content = items.content[order], content_hash(block)
    begin = np.searchsorted(table, content, "left")
    spread = np.searchsorted(table, content, "right") - begin
    row = np.repeat(np.arange(len(content)), spread)
    step = np.arange(len(row)) - np.repeat(np.cumsum(spread) - spread, spread)
    item = order[np.repeat(begin, spread) + step]
    same = np.full(len(row), _SAME)
    return np.stack((2 * item, same, np.zeros(len(row), np.int64), row), 1).astype(np.int64)


def _best(pairs: Counts) -> Counts:
    """The pairs with most runs of each document, the first rows of equal ones."""
    import numpy as np

    order = np.lexsort((pairs[:, 3], -pairs[:, 1], pairs[:, 0]))
    pairs = pairs[order]
    new = np.ones(len(pairs), bool)
    new[1:] = pairs[1:, 0] != pairs[:-1, 0]
    starts = np.flatnonzero(new)
    rank = np.arange(len(pairs)) - starts[np.cumsum(new) - 1]
    kept: Counts = pairs[rank < KEPT_ROWS]
    return kept


def _telling(items: Items, count: Counts, rows: int) -> tuple[Counts, Counts]:
    """Runs of each document that train does not have all over, and those of each item as such."""
    import numpy as np

    common = min(COMMON_MOST, max(COMMON_LEAST, int(COMMON_SHARE * rows)))
    per_run = np.diff(items.spot)
    rare = np.repeat(count < common, per_run)
    telling = np.bincount(items.document[rare], minlength=len(items.size)).astype(np.int64)
    return telling, telling[::2]


def _needed(size: Counts, document: NDArray[Any]) -> Counts:
    """Runs of each document that must stand together; an input alone needs more than an item."""
    import numpy as np

    runs = size[document]
    short = np.minimum(SHORT_RUNS, np.ceil(SHORT_SHARE * runs))
    whole = np.maximum(np.ceil(WHOLE_SHARE * runs), short)
    alone = np.maximum(np.ceil(INPUT_SHARE * runs), SHORT_RUNS)
    needed = np.maximum(np.where(document % 2 == 0, whole, alone), LEAST_RUNS)
    runs_needed: Counts = needed.astype(np.int64)
    return runs_needed


def _benchmark(
    items: Items, number: int, own: Counts, pairs: Counts, flags: tuple[Flags, Flags, Flags]
) -> BenchmarkResult:
    """What was found of one benchmark."""
    import numpy as np

    first, last = int(items.begin[number]), int(items.begin[number + 1])
    item = pairs[:, 0] // 2
    here = (item >= first) & (item < last)
    held, same, long = (here & flag for flag in flags)
    order = np.flatnonzero(held)
    order = order[np.lexsort((pairs[order, 3], -pairs[order, 1], item[order]))]
    found, at = np.unique(item[order], return_index=True)
    rows = pairs[order[at], 3]
    total, exact = last - first, len(np.unique(item[same]))
    touched = len(np.unique(item[long | held]))
    return BenchmarkResult(
        name=items.names[number],
        items=total,
        found=len(found),
        same=exact,
        touched=touched,
        short=int((own[first:last] < LEAST_RUNS).sum()),
        places=tuple(zip(items.line[found[:EXAMPLES]].tolist(), rows[:EXAMPLES].tolist())),
        reason=f"{len(found):,} of {total:,} items stand in train, {exact:,} of them word for "
        f"word; {touched:,} share {LONG_WORDS} words in a row with it",
    )
