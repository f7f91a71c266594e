"""Closed grammars: rows whose every next word is easy to guess from the other rows.

A language model of word pairs and triples is fitted to all rows but the one it is asked about.
Rows written by a grammar or from templates cost it few bits a token, natural language many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from transxlab.facts.profiled.templates.corpus import Corpus, covered, row_frequency
from transxlab.facts.profiled.tokens import mix, ngrams

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from transxlab.facts.profiled.tokens import Flags

BITS = 4.0
"""Bits per token below which a row is called closed; natural sets of the study have medians above 6,
grammars and templates below 4 (measured 2026-11 on 30 sets)."""

PASSAGE_TOKENS = 16
"""A run this long that three rows share is a quoted passage: it says nothing about a grammar."""

LEAST_TOKENS = 4
"""Shorter rows are not judged."""

_BACKOFF = 3.0


def surprise(corpus: Corpus) -> NDArray[float64]:  # type: ignore[name-defined]  # noqa: F821
    """Bits that each token costs, given the two before it, under a model of all other rows."""
    import numpy as np

    hashes, row = corpus.hash, corpus.row
    size = len(hashes)
    every = np.ones(size, bool)
    spot = np.arange(size) - np.repeat(corpus.offsets[:-1], np.diff(corpus.offsets))
    before = np.ones(size, np.uint64)
    before[1:] = np.where(spot[1:] >= 1, hashes[:-1], np.uint64(1))
    second = np.full(size, 2, np.uint64)
    second[2:] = np.where(spot[2:] >= 2, hashes[:-2], np.uint64(2))
    one = mix(before)
    two = mix(before * np.uint64(3) + mix(second))

    def others(values: object) -> NDArray[np.float64]:
        counts: NDArray[np.float64] = (row_frequency(values, row, every) - 1).astype(np.float64)  # type: ignore[arg-type]
        return counts

    vocabulary = len(np.unique(hashes))
    chance = (others(hashes) + 0.5) / (size + 0.5 * vocabulary)
    chance = (others(mix(one + hashes)) + _BACKOFF * chance) / (others(one) + _BACKOFF)
    chance = (others(mix(two * np.uint64(5) + hashes)) + _BACKOFF * chance) / (
        others(two) + _BACKOFF
    )
    bits: NDArray[np.float64] = -np.log2(np.minimum(chance, 1.0))
    return bits


def closed(corpus: Corpus) -> Flags:
    """For each row, whether it is as predictable as rows of a closed grammar are."""
    import numpy as np

    rows = corpus.rows
    whole = np.arange(len(corpus.hash)) + PASSAGE_TOKENS <= corpus.ends()
    runs = row_frequency(ngrams(corpus.hash, PASSAGE_TOKENS), corpus.row, whole)
    own = ~covered(runs >= 3, PASSAGE_TOKENS)
    counted = np.bincount(corpus.row, own, rows)
    total = np.bincount(corpus.row, surprise(corpus) * own, rows)
    flags: Flags = (counted >= LEAST_TOKENS) & (total < BITS * counted)
    return flags
