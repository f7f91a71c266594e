"""The functions of the condition language: what each takes, gives, and does with none."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from transxlab.engine.comparing import member, same
from transxlab.facts.values import Interval


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the language."""

    name: str
    """Its name in a rule."""
    takes: tuple[str, ...]
    """Kind of each argument: a slot type, ``name`` (a slot itself), ``scalar``, ``sized`` ..."""
    gives: str
    """Kind of its result."""
    run: Callable[..., Any]
    """What it does with known arguments."""
    fewest: int
    """Least number of arguments."""
    repeats: bool = False
    """Whether the last argument may be repeated."""
    usage: str = ""
    """How it is written, for error texts."""


def like(text: str, pattern: str) -> bool:
    """Whether the whole text fits a pattern of ``*`` (any text) and ``?`` (one letter), case apart.

    Hub ids differ in capitals only by their author's taste, so ``*-instruct`` fits ``X-Instruct``.
    Steps are at most len(text) * len(pattern): two places are kept and only the last ``*`` retried.
    """
    text, pattern = text.lower(), pattern.lower()
    at = place = 0
    star, retry = -1, 0
    while at < len(text):
        if place < len(pattern) and pattern[place] == "*":
            star, retry, place = place, at, place + 1
        elif place < len(pattern) and pattern[place] in ("?", text[at]):
            at, place = at + 1, place + 1
        elif star >= 0:
            retry += 1
            at, place = retry, star + 1
        else:
            return False
    return not pattern[place:].strip("*")


def _place(items: tuple[object, ...], item: object) -> int:
    return next((i for i, other in enumerate(items) if same(item, other)), len(items))


def _end(name: str) -> Callable[[Interval | None], float | None]:
    def end(value: Interval | None) -> float | None:
        found: float | None = None if value is None else getattr(value, name)
        return found

    return end


def _round(value: float, digits: int = 0) -> float:
    return round(value, int(digits)) if digits else round(value)


def _has(items: tuple[object, ...] | None, item: object) -> bool:
    return items is not None and member(item, items)


def _subset(part: tuple[object, ...] | None, whole: tuple[object, ...] | None) -> bool:
    return all(member(item, whole or ()) for item in part or ())


def _startswith(text: str | None, start: str | None) -> bool:
    return text is not None and start is not None and text.startswith(start)


def _like(text: str | None, pattern: str) -> bool:
    return text is not None and like(text, pattern)


_ALL = (
    Function("min", ("number",), "number", min, 2, True, "min(a, b)"),
    Function("max", ("number",), "number", max, 2, True, "max(a, b)"),
    Function("abs", ("number",), "number", abs, 1, usage="abs(x)"),
    Function("log2", ("number",), "number", math.log2, 1, usage="log2(x)"),
    Function("sqrt", ("number",), "number", math.sqrt, 1, usage="sqrt(x)"),
    Function("ceil", ("number",), "number", math.ceil, 1, usage="ceil(x)"),
    Function("floor", ("number",), "number", math.floor, 1, usage="floor(x)"),
    Function("round", ("number", "number"), "number", _round, 1, usage="round(x, digits)"),
    Function("len", ("sized",), "number", len, 1, usage="len(list)"),
    Function("low", ("interval",), "number", _end("low"), 1, usage="low(interval)"),
    Function("mid", ("interval",), "number", _end("expected"), 1, usage="mid(interval)"),
    Function("high", ("interval",), "number", _end("high"), 1, usage="high(interval)"),
    Function("place", ("list", "scalar"), "number", _place, 2, usage="place(list, x)"),
    Function("known", ("name",), "truth", bool, 1, usage="known(template.slot)"),
    Function("unknown", ("name",), "truth", bool, 1, usage="unknown(template.slot)"),
    Function("given", ("name",), "truth", bool, 1, usage="given(template.slot)"),
    Function("defaulted", ("name",), "truth", bool, 1, usage="defaulted(template.slot)"),
    Function("has", ("list", "scalar"), "truth", _has, 2, usage="has(list, x)"),
    Function("subset", ("list", "list"), "truth", _subset, 2, usage="subset(part, whole)"),
    Function("startswith", ("text", "text"), "truth", _startswith, 2, usage='startswith(x, "a")'),
    Function("like", ("text", "pattern"), "truth", _like, 2, usage='like(x, "*-instruct")'),
)

FUNCTIONS: dict[str, Function] = {function.name: function for function in _ALL}
"""Every function by name."""

ABOUT_KNOWING: frozenset[str] = frozenset({"known", "unknown", "given", "defaulted"})
"""Functions that look at whether and how a slot is known, and so are never unknown themselves."""

TAKE_NONE: frozenset[str] = frozenset({"low", "mid", "high", "has", "subset", "startswith", "like"})
"""Functions with an answer for none; the others are unknown of it."""
