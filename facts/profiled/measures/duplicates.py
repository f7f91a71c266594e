"""Rows that repeat an earlier row exactly, whatever the order of their fields."""

from __future__ import annotations

from dataclasses import dataclass

from transxlab.facts.profiled.block import Block
from transxlab.facts.profiled.tally import Tally

EXAMPLES = 5
"""Repeated rows that are named."""


@dataclass(frozen=True, slots=True)
class DuplicatesResult:
    """How much of the data is there more than once."""

    share: float
    """Share of rows that repeat an earlier row."""
    distinct: int
    """Different rows; an estimate where ``counted_share`` is below 1."""
    most_copies: int
    """Copies of the most frequent row."""
    examples: tuple[tuple[int, int], ...]
    """First place and number of copies of the most frequent rows, most copies first."""
    counted_share: float
    """Share of different rows that were counted; 1 while all fit in memory."""
    reason: str
    """The figures in a sentence."""


class Duplicates:
    """Counts distinct rows; see DuplicatesResult."""

    def __init__(self) -> None:
        self.tally = Tally()

    def update(self, block: Block) -> None:
        """Count the rows of a block."""
        import numpy as np

        hashes = block.row_hash
        self.tally.add(hashes, np.zeros(len(hashes), np.uint64), block.places)

    def merge(self, other: Duplicates) -> None:
        """Take over the counts of another part of the data."""
        self.tally.merge(other.tally)

    def result(self) -> DuplicatesResult:
        """The share of repeated rows, and the rows that are repeated most."""
        import numpy as np

        pairs = self.tally.pairs()
        rows = int(pairs.count.sum())
        distinct = len(pairs.key)
        share = 1 - distinct / rows if rows else 0.0
        top = np.lexsort((pairs.first, -pairs.count))[:EXAMPLES]
        examples = tuple(
            (int(pairs.first[i]), int(pairs.count[i])) for i in top if pairs.count[i] > 1
        )
        repeated = f"; the most frequent row stands {examples[0][1]:,} times" if examples else ""
        return DuplicatesResult(
            share=share,
            distinct=round(distinct / self.tally.share),
            most_copies=int(pairs.count.max()) if rows else 0,
            examples=examples,
            counted_share=self.tally.share,
            reason=f"{share:.2%} of rows repeat an earlier row{repeated}",
        )
