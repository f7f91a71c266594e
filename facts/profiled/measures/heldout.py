"""What a held-out split holds, as an index that train is then streamed against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from transxlab.facts.profiled.block import Block
from transxlab.facts.profiled.tokens import mix, ngrams

if TYPE_CHECKING:
    from transxlab.facts.profiled.tokens import Counts, Hashes

GRAM_TOKENS = 8
"""Tokens of the runs that are compared."""

COMMON_ROWS = 0.02
"""A run that this share of the held-out rows or more have is a template's and says nothing."""

MOST_GRAMS = 4_000_000
"""Runs that are held; above it they are thinned by their hash."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Rows of a held-out split as arrays."""

    exact: Hashes
    """Hash of each row's exact content."""
    row: Hashes
    """Hash of each row's content, blind to case and white space."""
    input: Hashes
    """Hash of each row's input; 0 where it has none."""
    place: Counts
    """Where each row stands."""
    gram: Hashes
    """Runs of tokens, each once per row."""
    owner: Counts
    """Row that each run belongs to."""


class Index:
    """The rows of a held-out split, to be looked for in train."""

    def __init__(self) -> None:
        self._parts: list[Columns] = []

    def update(self, block: Block) -> None:
        """Take the rows of a block."""
        import numpy as np

        given = np.diff(block.tokens.offsets)[::2] > 0
        inputs = np.where(given, block.input_hash, np.uint64(0))
        grams, owner = row_grams(block)
        row = content_hash(block)
        self._parts.append(Columns(block.row_hash, row, inputs, block.places, grams, owner))

    def merge(self, other: Index) -> None:
        """Take over the rows of another part of the split."""
        self._parts += other._parts

    def columns(self) -> Columns:
        """All rows in the order of their places, with their runs but for common ones."""
        import numpy as np

        parts = sorted(self._parts, key=lambda part: int(part.place[0]))
        if not parts:
            none, nothing = np.zeros(0, np.uint64), np.zeros(0, np.int64)
            return Columns(none, none, none, nothing, none, nothing)
        begins = np.cumsum([0] + [len(part.row) for part in parts])
        owner = np.concatenate([p.owner + b for p, b in zip(parts, begins[:-1], strict=True)])
        gram = np.concatenate([part.gram for part in parts])
        gram, owner = _uncommon(gram, owner, int(begins[-1]))
        return Columns(
            np.concatenate([part.exact for part in parts]),
            np.concatenate([part.row for part in parts]),
            np.concatenate([part.input for part in parts]),
            np.concatenate([part.place for part in parts]),
            gram,
            owner,
        )


def _uncommon(grams: Hashes, owner: Counts, rows: int) -> tuple[Hashes, Counts]:
    """Runs without those that many held-out rows share, thinned by hash when there are too many."""
    import numpy as np

    bits = 0
    while len(grams) > MOST_GRAMS:
        bits += 1
        kept = grams < np.uint64(1 << (64 - bits))
        grams, owner = grams[kept], owner[kept]
    _, inverse, counts = np.unique(grams, return_inverse=True, return_counts=True)
    rare = counts[inverse] <= max(2, COMMON_ROWS * rows)
    return grams[rare], owner[rare]


def content_hash(block: Block) -> Hashes:
    """One hash per row over input and output, blind to case and white space."""
    import numpy as np

    return mix(block.input_hash * np.uint64(3) + block.output_hash)


def row_grams(block: Block) -> tuple[Hashes, Counts]:
    """The 8-token runs of each row, each once per row, and the row they belong to."""
    import numpy as np

    rows, hashes = block.rows, block.tokens.hash
    owner = np.repeat(np.arange(len(rows) - 1), np.diff(rows))
    whole = np.arange(len(hashes)) + GRAM_TOKENS <= np.repeat(rows[1:], np.diff(rows))
    grams, owner = ngrams(hashes, GRAM_TOKENS)[whole], owner[whole]
    order = np.lexsort((grams, owner))
    grams, owner = grams[order], owner[order]
    new = np.ones(len(grams), bool)
    new[1:] = (grams[1:] != grams[:-1]) | (owner[1:] != owner[:-1])
    return grams[new], owner[new]
