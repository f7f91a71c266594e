"""How a rule's values are computed and its messages filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from transxlab.engine.evaluation import same
from transxlab.engine.expressions import Expression, evaluate
from transxlab.engine.rule import Literally, Table, Term
from transxlab.facts.situation import Fact
from transxlab.facts.values import Interval, Unknown, Value
from transxlab.facts.vocabulary.template import Vocabulary

SUBSTITUTION = re.compile(r"\{(?P<alias>\w+)\.(?P<slot>\w+)(?::(?P<unit>[\w%]+))?\}")
UNITS: dict[str, tuple[float, str]] = {
    "%": (100, " %"),
    "gib": (1, " GiB"),
    "count": (1, ""),
    "tokens": (1, " tokens"),
    "rows": (1, " rows"),
    "steps": (1, " steps"),
    "usd": (1, " USD"),
    "hours": (1, " h"),
    "seconds": (1, " s"),
}
"""Units a message may ask for: a factor, and what stands behind the number."""
_PREFIXES = ((1e12, "T"), (1e9, "B"), (1e6, "M"))


def value_of(term: Term | None, env: Mapping[str, Fact]) -> Value | Unknown:
    """The value a rule means under these facts; None for no term."""
    if term is None:
        return None
    if isinstance(term, Literally):
        return term.value
    if isinstance(term, Expression):
        return evaluate(term, env)
    return _looked_up(term, env)


def _looked_up(table: Table, env: Mapping[str, Fact]) -> Value | Unknown:
    found = evaluate(table.of, env)
    if isinstance(found, Unknown):
        return found
    for key, term in table.at:
        if same(key, found):
            return value_of(term, env)
    if isinstance(found, (int, float)) and not isinstance(found, bool):
        for limit, term in table.below:
            if found < limit:
                return value_of(term, env)
    if table.otherwise is None:
        return Unknown(frozenset(env[alias].label(slot) for alias, slot in table.of.paths))
    return value_of(table.otherwise, env)


def paths_of(term: Term | None) -> tuple[tuple[str, str], ...]:
    """Every fact name and slot a term may read, in order, without repetition."""
    return tuple(dict.fromkeys(_paths(term)))


def _paths(term: Term | None) -> Iterator[tuple[str, str]]:
    if isinstance(term, Expression):
        yield from term.paths
    elif isinstance(term, Table):
        yield from term.of.paths
        for _, inner in (*term.at, *term.below):
            yield from _paths(inner)
        yield from _paths(term.otherwise)


def fill(text: str, env: Mapping[str, Fact], vocabulary: Vocabulary) -> str:
    """A message with its ``{path}``, ``{path:unit}`` and ``{path:%}`` put in.

    An unknown path prints its noun, so that no message has a hole.
    """

    def put(match: re.Match[str]) -> str:
        fact = env.get(match["alias"])
        if fact is None:
            if match["alias"] not in vocabulary:
                return match["alias"]
            return vocabulary[match["alias"]][match["slot"]].spoken()
        known = fact.slots.get(match["slot"])
        if known is None:
            return vocabulary[fact.template][match["slot"]].spoken()
        return say(known.value, match["unit"])

    return SUBSTITUTION.sub(put, text)


def say(value: Value, unit: str | None = None) -> str:
    """A value as a person writes it, with the unit that was asked for."""
    factor, tail = UNITS.get(unit or "", (1, ""))
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Interval):
        low, high = _rounded(value.low * factor), _rounded(value.high * factor)
        return (low if low == high else f"{low} to {high}") + tail
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value) or "nothing"
    if isinstance(value, (int, float)):
        if unit == "count":
            return _count(value)
        return (_rounded(value * factor) if unit else _number(value)) + tail
    return value


def _number(value: float) -> str:
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}" if abs(value) >= 10_000 else str(int(value))
    if abs(value) < 1e-3:
        mantissa, exponent = f"{value:.3e}".split("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    return f"{value:.4g}" if abs(value) < 10_000 else f"{value:,.0f}"


def _rounded(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) < 0.01:
        return _number(value)
    return f"{value:.1f}".removesuffix(".0") if abs(value) >= 1 else f"{value:.2g}"


def _count(value: float) -> str:
    for size, letter in _PREFIXES:
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:,.0f}"
