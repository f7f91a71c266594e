"""Lengths of rows, inputs and outputs: words, characters and estimated tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from transxlab.facts.profiled.block import Block
from transxlab.facts.profiled.histogram import Histogram
from transxlab.facts.profiled.measures.outliers import Outliers, outliers
from transxlab.facts.profiled.tokens import DIGIT, WORD, Tokens

if TYPE_CHECKING:
    from transxlab.facts.profiled.tokens import Counts

EXAMPLES = 5
"""Longest rows that are named."""

LETTERS_PER_TOKEN = 8
"""Bytes of a word that one token of a byte-pair vocabulary holds, rounded up per word."""

DIGITS_PER_TOKEN = 3
"""Digits per token: current tokenizers cut numbers into groups of at most three."""


@dataclass(frozen=True, slots=True)
class LengthsResult:
    """Lengths in estimated tokens, words and characters."""

    tokens: int
    """Estimated tokens of all rows."""
    mean_tokens: float
    """Mean estimated tokens of a row."""
    token_quantiles: tuple[int, ...]
    """Estimated tokens of a row at 0, 1, ... 100%."""
    input_quantiles: tuple[int, ...]
    """Estimated tokens of an input at 0, 1, ... 100%."""
    output_quantiles: tuple[int, ...]
    """Estimated tokens of an output at 0, 1, ... 100%."""
    output_mean_tokens: float
    """Mean estimated tokens of an output."""
    mean_words: float
    """Mean words of a row; a Chinese or Japanese character counts as one."""
    mean_chars: float
    """Mean characters of a row."""
    longest: tuple[tuple[int, int], ...]
    """Estimated tokens and places of the longest rows, longest first."""
    shortest: tuple[tuple[int, int], ...]
    """The same of the shortest rows that are not empty, shortest first."""
    outliers: Outliers | None
    """Rows far longer or shorter than the others; None where rows are too few."""
    reason: str
    """The figures in a sentence."""


class Lengths:
    """Histograms of lengths; see LengthsResult."""

    def __init__(self) -> None:
        self.row, self.input, self.output = Histogram(), Histogram(), Histogram()
        self.words = self.chars = 0
        self.longest: list[tuple[int, int]] = []
        self.shortest: list[tuple[int, int]] = []

    def update(self, block: Block) -> None:
        """Count the lengths of a block's rows."""
        import numpy as np

        tokens = block.tokens
        sizes = np.diff(cumulated(tokens)[tokens.offsets])
        inputs, outputs = sizes[::2], sizes[1::2]
        self.row.add(inputs + outputs)
        self._keep(inputs + outputs, block)
        self.input.add(inputs)
        self.output.add(outputs)
        self.words += int(np.count_nonzero(tokens.kind != 2))
        self.chars += block.chars

    def merge(self, other: Lengths) -> None:
        """Take over the counts of another part of the data."""
        self.row.merge(other.row)
        self.input.merge(other.input)
        self.output.merge(other.output)
        self.words += other.words
        self.chars += other.chars
        self.longest = _longest([*self.longest, *other.longest])
        self.shortest = _shortest([*self.shortest, *other.shortest])

    def _keep(self, sizes: Counts, block: Block) -> None:
        """Remember the longest and shortest rows; others are not looked at."""
        import numpy as np

        least = self.longest[-1][0] if len(self.longest) == EXAMPLES else 0
        at = np.flatnonzero(sizes >= least)
        at = at[np.argsort(-sizes[at], kind="stable")[:EXAMPLES]]
        self.longest = _longest([*self.longest, *_placed(sizes, at, block)])
        most = self.shortest[-1][0] if len(self.shortest) == EXAMPLES else np.iinfo(np.int64).max
        at = np.flatnonzero((sizes <= most) & (sizes > 0))
        at = at[np.argsort(sizes[at], kind="stable")[:EXAMPLES]]
        self.shortest = _shortest([*self.shortest, *_placed(sizes, at, block)])

    def result(self) -> LengthsResult:
        """The lengths."""
        rows = max(self.row.rows, 1)
        quantiles = self.row.quantiles()
        return LengthsResult(
            tokens=self.row.total,
            mean_tokens=self.row.mean,
            token_quantiles=quantiles,
            input_quantiles=self.input.quantiles(),
            output_quantiles=self.output.quantiles(),
            output_mean_tokens=self.output.mean,
            mean_words=self.words / rows,
            mean_chars=self.chars / rows,
            longest=tuple(self.longest),
            shortest=tuple(self.shortest),
            outliers=outliers(self.row),
            reason=f"about {self.row.mean:,.0f} tokens a row, half of the rows within "
            f"{quantiles[50]:,}, 99% within {quantiles[99]:,} (estimated, not tokenised)",
        )


def _longest(rows: list[tuple[int, int]]) -> list[tuple[int, int]]:
    return sorted(rows, key=lambda row: (-row[0], row[1]))[:EXAMPLES]


def _shortest(rows: list[tuple[int, int]]) -> list[tuple[int, int]]:
    return sorted(rows)[:EXAMPLES]


def _placed(sizes: Counts, at: Counts, block: Block) -> list[tuple[int, int]]:
    return list(zip(sizes[at].tolist(), block.places[at].tolist(), strict=True))


def cumulated(tokens: Tokens) -> Counts:
    """Estimated subword tokens before each token, and the total at the end."""
    import numpy as np

    pieces = np.ones(len(tokens.hash), np.int64)
    words = tokens.kind == WORD
    pieces[words] = -(-tokens.length[words] // LETTERS_PER_TOKEN)
    digits = tokens.kind == DIGIT
    pieces[digits] = -(-tokens.length[digits] // DIGITS_PER_TOKEN)
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(pieces)))


def truncated_share(quantiles: tuple[int, ...], limit_tokens: int) -> float:
    """Share of rows longer than a limit, from lengths at 0, 1, ... 100%, interpolated.

    Good to half a percentage point; 0 when the longest row fits.
    """
    if limit_tokens >= quantiles[-1]:
        return 0.0
    if limit_tokens < quantiles[0]:
        return 1.0
    above = next(i for i, value in enumerate(quantiles) if value > limit_tokens)
    low, high = quantiles[above - 1], quantiles[above]
    return 1 - (above - 1 + (limit_tokens - low) / (high - low)) / 100
