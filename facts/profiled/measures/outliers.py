"""Rows far longer or shorter than the others, judged by the spread of most rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transxlab.facts.profiled.histogram import Histogram

SPREADS = 3.0
"""Spreads (third over first quartile, as a ratio) beyond a quartile where outliers begin: Tukey's
outer fence (Exploratory Data Analysis, 1977), on logarithms, since lengths are skewed."""

LEAST_SPREAD = 1.22
"""Smallest ratio taken for the spread, so that rows of one length make no outliers of others."""

MEDIANS = 50
"""Times the median that is far whatever the spread."""

LEAST_ROWS = 50
"""Rows below which there is no spread to speak of."""


@dataclass(frozen=True, slots=True)
class Outliers:
    """Where lengths are outliers, and how many rows that are."""

    above_tokens: int
    """Longer rows are outliers."""
    below_tokens: int
    """Shorter rows are."""
    long_rows: int
    """Rows that are longer."""
    short_rows: int
    """Rows that are shorter; empty ones apart."""


def outliers(lengths: Histogram) -> Outliers | None:
    """The outliers among lengths; None where rows are too few."""
    if lengths.rows < LEAST_ROWS:
        return None
    first, median, third = (max(1, lengths.quantile(share)) for share in (0.25, 0.5, 0.75))
    factor = max(third / first, LEAST_SPREAD) ** SPREADS
    above = int(min(third * factor, MEDIANS * median))
    below = int(first / factor)
    empty = int(lengths.counts[0])
    return Outliers(
        above_tokens=above,
        below_tokens=below,
        long_rows=round(lengths.share_above(above) * lengths.rows),
        short_rows=max(0, int(lengths.counts[:below].sum()) - empty),
    )
