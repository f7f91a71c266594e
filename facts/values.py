"""The values a slot can hold beside plain numbers, text, truth and lists."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Unknown:
    """The outcome of asking for something that nobody has found out yet."""

    needs: frozenset[str] = frozenset()
    """Labels of the slots or templates that would settle it: ``split[train].rows``, ``gpu``."""

    def __bool__(self) -> bool:
        raise TypeError("unknown has no truth value: test it with is_unknown")


UNKNOWN = Unknown()


def finite(number: float) -> bool:
    """Whether arithmetic can go on with a number: not NaN, not infinite, no integer beyond both."""
    try:
        return math.isfinite(number)
    except OverflowError:
        return False


def is_unknown(value: object) -> bool:
    """Whether a value is unknown. ``None`` is known: somebody looked and it is not set."""
    return isinstance(value, Unknown)


@dataclass(frozen=True, slots=True, order=False)
class Interval:
    """An estimate: its low end, its expected value and its high end, in the unit of its slot."""

    low: float
    """Smallest value that the estimate's method still holds for likely."""
    expected: float
    """The single best value."""
    high: float
    """Largest value that the estimate's method still holds for likely."""

    def __post_init__(self) -> None:
        if not self.low <= self.expected <= self.high:
            ends = f"{self.low}, {self.expected}, {self.high}"
            raise ValueError(f"an interval needs low <= expected <= high, got {ends}")

    def scaled(self, factor: float) -> Interval:
        """The same estimate in another unit; the factor is positive."""
        return Interval(self.low * factor, self.expected * factor, self.high * factor)


Scalar: TypeAlias = "str | float | int | bool"
Value: TypeAlias = "Scalar | Interval | tuple[Scalar, ...] | None"
"""What a known slot holds; ``None`` means looked at and not set."""
