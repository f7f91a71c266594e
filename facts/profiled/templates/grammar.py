"""Closed grammars: rows whose every next word is easy to guess from the other rows.

A language model of word pairs and triples is fitted to all rows but the one it is asked about.
Rows written by a grammar or from templates cost it few bits a token, natural language many.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from transxlab.facts.profiled.templates.corpus import Corpus, covered, row_frequency
from transxlab.facts.profiled.tokens import mix, ngrams

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from transxlab.facts.profiled.tokens import Counts, Flags, Hashes

BITS = 4.0
"""Bits per token below which a row is called closed: natural sets have medians above 6, grammars
and templates below 4 (measured 2026-11 on 30 sets)."""

CLOSED_BITS = 7.0
"""The same for rows all of whose words are common among the rows that are easy to guess."""

COMMON_ROWS = 5
"""Rows a word must stand in to be common."""

CUTS = (7.0, 6.0)
"""Bits per token below which rows stay in the model for the next round, so that a grammar hidden
in other text is judged by its own words and not by those around it."""

PASSAGE_TOKENS = 16
"""A run this long that a few rows share is a quoted passage: it says nothing about a grammar."""

FEW_ROWS, FEW_SHARE = 10, 0.005
"""A run that more rows share than either is a template's, not a quotation."""

LEAST_TOKENS = 4
"""Shorter rows are not judged."""

_BACKOFF = 3.0


@dataclass(frozen=True, slots=True)
class _Places:
    """The values of one kind (words, pairs, triples, contexts) at every token."""

    group: Counts
    """Number of each token's value among the different values."""
    first: Flags
    """Whether it is the first of its value within its row."""
    row: Counts
    """Row of each token."""

    def others(self, modelled: Flags) -> NDArray[np.float64]:
        """For each token, modelled rows other than its own that hold its value."""
        import numpy as np

        inside = modelled[self.row]
        counts = np.bincount(self.group, (self.first & inside).astype(np.float64))
        found: NDArray[np.float64] = (counts[self.group] - inside).astype(np.float64)
        return found


def closed(corpus: Corpus) -> Flags:
    """For each row, whether it is as predictable as rows of a closed grammar are."""
    import numpy as np

    rows = corpus.rows
    whole = np.arange(len(corpus.hash)) + PASSAGE_TOKENS <= corpus.ends()
    runs = row_frequency(ngrams(corpus.hash, PASSAGE_TOKENS), corpus.row, whole)
    few = max(FEW_ROWS, FEW_SHARE * rows)
    own = ~covered((runs >= 2) & (runs < few), PASSAGE_TOKENS)
    counted = np.bincount(corpus.row, own, rows)
    kinds = _kinds(corpus)
    modelled = np.ones(rows, bool)
    for cut in CUTS:
        bits = np.bincount(corpus.row, _surprise(kinds, modelled) * own, rows)
        modelled = (counted >= LEAST_TOKENS) & (bits < cut * counted)
    bits = np.bincount(corpus.row, _surprise(kinds, modelled) * own, rows)
    rare = np.bincount(corpus.row, kinds[0].others(modelled) < COMMON_ROWS, rows)
    predictable = (bits < BITS * counted) | ((bits < CLOSED_BITS * counted) & (rare == 0))
    flags: Flags = (counted >= LEAST_TOKENS) & predictable
    return flags


def _kinds(corpus: Corpus) -> tuple[_Places, ...]:
    """Words, contexts of one, pairs, contexts of two, and triples."""
    import numpy as np

    hashes = corpus.hash
    spot = np.arange(len(hashes)) - np.repeat(corpus.offsets[:-1], np.diff(corpus.offsets))
    before = np.ones(len(hashes), np.uint64)
    before[1:] = np.where(spot[1:] >= 1, hashes[:-1], np.uint64(1))
    second = np.full(len(hashes), 2, np.uint64)
    second[2:] = np.where(spot[2:] >= 2, hashes[:-2], np.uint64(2))
    one = mix(before)
    two = mix(before * np.uint64(3) + mix(second)) * np.uint64(5)
    return tuple(
        _placed(values, corpus.row)
        for values in (hashes, one, mix(one + hashes), two, two + hashes)
    )


def _placed(values: Hashes, row: Counts) -> _Places:
    import numpy as np

    order = np.argsort(values, kind="stable")
    new = np.ones(len(values), bool)
    new[1:] = values[order[1:]] != values[order[:-1]]
    first = np.empty(len(values), bool)
    group = np.empty(len(values), np.int64)
    group[order] = np.cumsum(new) - 1
    new[1:] |= row[order[1:]] != row[order[:-1]]
    first[order] = new
    return _Places(group, first, row)


def _surprise(kinds: tuple[_Places, ...], modelled: Flags) -> NDArray[np.float64]:
    """Bits that each token costs, given the two before it, under a model of the other rows."""
    import numpy as np

    words, after_one, pairs, after_two, triples = (kind.others(modelled) for kind in kinds)
    size = float(np.count_nonzero(modelled[kinds[0].row]))
    vocabulary = int(kinds[0].group.max(initial=0)) + 1
    chance = (words + 0.5) / (size + 0.5 * vocabulary)
    chance = (pairs + _BACKOFF * chance) / (after_one + _BACKOFF)
    chance = (triples + _BACKOFF * chance) / (after_two + _BACKOFF)
    bits: NDArray[np.float64] = -np.log2(np.minimum(chance, 1.0))
    return bits
