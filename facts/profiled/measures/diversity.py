"""Diversity of outputs on a sample: self-BLEU and distinct n-grams, at a fixed size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from transxlab.facts.profiled.tokens import tokenise

HYPOTHESES = 100
"""Outputs that are compared."""

REFERENCES = 500
"""Outputs each of them is compared with."""

DISTINCT_TOKENS = 100_000
"""Tokens over which distinct n-grams are counted, because the share falls with the size."""

_ORDERS = 4
_TOKENS = 256


@dataclass(frozen=True, slots=True)
class DiversityResult:
    """How alike outputs are; None where there are too few."""

    self_bleu: float | None
    """Mean BLEU-4 of an output against others: 1 for copies. Blind to templates with rich slots."""
    distinct_2: float | None
    """Share of distinct two-token sequences in 100,000 tokens of outputs, or all if fewer."""
    outputs: int
    """Outputs that self-BLEU looked at."""
    reason: str
    """The figures in a sentence."""


def diversity(outputs: Sequence[str]) -> DiversityResult:
    """Measure a sample of outputs in random order; at least 20 are needed."""
    texts = [text for text in outputs if text][: HYPOTHESES + REFERENCES]
    if len(texts) < 20:
        return DiversityResult(None, None, len(texts), f"only {len(texts)} outputs: not measured")
    rows = [row for row in _rows(texts) if len(row) >= 1]
    bleu = self_bleu(rows)
    distinct = _distinct(outputs)
    return DiversityResult(
        self_bleu=bleu,
        distinct_2=distinct,
        outputs=len(texts),
        reason=f"self-BLEU {bleu:.2f}, {distinct:.2f} of two-token sequences distinct",
    )


def _rows(texts: Sequence[str]) -> list[list[int]]:
    tokens = tokenise(texts)
    ends = tokens.offsets.tolist()
    return [tokens.hash[a : min(b, a + _TOKENS)].tolist() for a, b in pairwise(ends)]


def self_bleu(rows: Sequence[Sequence[int]]) -> float:
    """Mean BLEU-4 of up to 100 rows against up to 500 others.

    Papineni 2002 with clipped counts and the closest reference length; an order without a match
    counts as half a match (Lin and Och 2004, smoothing for single sentences).
    """
    tested = rows[: min(HYPOTHESES, len(rows) // 2)]
    others = rows[len(tested) : len(tested) + REFERENCES]
    most = [Counter[tuple[int, ...]]() for _ in range(_ORDERS)]
    for row in others:
        for order in range(_ORDERS):
            for gram, count in _grams(row, order + 1).items():
                most[order][gram] = max(most[order][gram], count)
    lengths = sorted({len(row) for row in others})
    return sum(_bleu(row, most, lengths) for row in tested) / len(tested)


def _grams(row: Sequence[int], size: int) -> Counter[tuple[int, ...]]:
    return Counter(zip(*(row[i:] for i in range(size)), strict=False))


def _bleu(row: Sequence[int], most: list[Counter[tuple[int, ...]]], lengths: list[int]) -> float:
    from math import exp, log

    orders = min(_ORDERS, len(row))
    total = 0.0
    for order in range(orders):
        grams = _grams(row, order + 1)
        hits = sum(min(count, most[order][gram]) for gram, count in grams.items())
        total += log(max(hits, 0.5) / grams.total())
    closest = min(lengths, key=lambda length: (abs(length - len(row)), length))
    return exp(min(0.0, 1 - closest / len(row)) + total / orders)


def _distinct(outputs: Sequence[str]) -> float:
    import numpy as np
    from transxlab.facts.profiled.tokens import ngrams

    kept, chars = [], 0
    for text in outputs:
        kept.append(text[:2000])
        chars += len(kept[-1])
        if chars > 6 * DISTINCT_TOKENS:
            break
    tokens = tokenise(kept)
    whole = np.ones(len(tokens.hash), bool)
    whole[tokens.offsets[1:][np.diff(tokens.offsets) > 0] - 1] = False
    grams = ngrams(tokens.hash, 2)[whole][:DISTINCT_TOKENS]
    return len(np.unique(grams)) / len(grams) if len(grams) else 1.0
