"""Numbers and values as people write them."""

from __future__ import annotations

from transxlab.facts.values import Interval

_PREFIXES = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"))


def value(held: object) -> str:
    """A slot's value in words."""
    if held is None:
        return "not set"
    if isinstance(held, bool):
        return "yes" if held else "no"
    if isinstance(held, Interval):
        return interval(held)
    if isinstance(held, (list, tuple)):
        return ", ".join(value(item) for item in held) or "none"
    if isinstance(held, (int, float)):
        return number(held)
    return str(held)


def number(held: float) -> str:
    """A number without noise: 1e-4, 0.03, 946,000, 2.85e9 as 2,850,000,000."""
    if held == int(held) and abs(held) < 1e15:
        return f"{int(held):,}"
    if abs(held) < 1e-3:
        mantissa, exponent = f"{held:.3e}".split("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    return f"{held:,.4g}" if abs(held) < 1e4 else f"{held:,.0f}"


def interval(held: Interval, unit: str = "") -> str:
    """``17.1 to 19.4``, or one number where the ends are equal."""
    tail = f" {unit}" if unit else ""
    if held.low == held.high:
        return number(round(held.expected, 2)) + tail
    return f"{number(round(held.low, 2))} to {number(round(held.high, 2))}{tail}"


def bounds(held: object) -> str:
    """A recommended value, or a range with open ends."""
    if isinstance(held, tuple) and len(held) == 2:
        low, high = held
        if low is None or high is None:
            return f"at most {value(high)}" if low is None else f"at least {value(low)}"
        if isinstance(low, (int, float)) and isinstance(high, (int, float)):
            return f"{value(low)} to {value(high)}"
    return value(held)


def amount(count: int, noun: str) -> str:
    """``1 error``, ``2 errors``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def short(count: float) -> str:
    """A large count in short: 7.25B, 168M, 36."""
    for size, letter in _PREFIXES:
        if abs(count) >= size:
            return f"{count / size:.3g}{letter}"
    return f"{count:g}"


def duration(seconds: float) -> str:
    """A duration in the unit that fits: 40 s, 25 min, 4.2 h, 3.1 days."""
    for size, unit in ((86400 * 2, "days"), (3600, "h"), (60, "min")):
        if seconds >= size:
            length = 86400 if unit == "days" else size
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.3g} s"
