"""Evaluating a checked tree: three values, never an exception."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from transxlab.engine.grammar import ORDERED, Node
from transxlab.facts.origin import SET_BY_USER
from transxlab.facts.situation import Fact
from transxlab.facts.values import Interval, Unknown

Env: TypeAlias = "Mapping[str, Fact]"
Run: TypeAlias = "Callable[[Env], Any]"

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_MAX_POWER = 64
"""Largest exponent: 2 ** 64 is the largest power a rule about training needs."""


def compiled(node: Node) -> Run:
    """A function that evaluates the tree under facts by name."""
    return _COMPILERS[node[0]](node)


def same(left: object, right: object) -> bool:
    """Equality that keeps truth and numbers apart: 1 is not true."""
    if isinstance(left, bool) is not isinstance(right, bool):
        return False
    return bool(left == right)


def _const(node: Node) -> Run:
    value = node[1]
    return lambda _: value


def _list(node: Node) -> Run:
    items = [compiled(item) for item in node[1]]

    def run(env: Env) -> Any:
        values = [item(env) for item in items]
        return _missing(values) or tuple(values)

    return run


def _slot(node: Node) -> Run:
    _, alias, name = node

    def run(env: Env) -> Any:
        fact = env[alias]
        known = fact.slots.get(name)
        return Unknown(frozenset({fact.label(name)})) if known is None else known.value

    return run


def _or(node: Node) -> Run:
    parts = [compiled(part) for part in node[1]]

    def run(env: Env) -> Any:
        needs: frozenset[str] = frozenset()
        for part in parts:
            truth = part(env)
            if isinstance(truth, Unknown):
                needs |= truth.needs
            elif truth:
                return True
        return Unknown(needs) if needs else False

    return run


def _cmp(node: Node) -> Run:
    _, op, left_node, right_node, as_version = node
    left, right = compiled(left_node), compiled(right_node)
    test = _tester(op, as_version)
    reads = _reader(node)

    def run(env: Env) -> Any:
        one, other = left(env), right(env)
        if isinstance(one, Unknown) or isinstance(other, Unknown):
            return _missing([one, other])
        try:
            return test(one, other)
        except (TypeError, ValueError):
            return reads(env)

    return run


def _tester(op: str, as_version: bool) -> Callable[[Any, Any], bool]:
    if op == "==":
        return _same_version if as_version else same
    if op == "!=":
        equal = _same_version if as_version else same
        return lambda one, other: not equal(one, other)
    if op in ORDERED:
        compare = _COMPARE[op]
        if as_version:
            return lambda one, other: (
                one is not None and other is not None and compare(_version(one), _version(other))
            )
        return lambda one, other: one is not None and other is not None and compare(one, other)
    if op == "in":
        return _within
    return lambda one, other: not _within(one, other)


def _within(one: object, other: object) -> bool:
    return isinstance(other, tuple) and any(same(one, item) for item in other)


def _same_version(one: object, other: object) -> bool:
    if one is None or other is None:
        return one is other
    return bool(_version(one) == _version(other))


def _version(text: object) -> Any:
    from packaging.version import Version

    return Version(str(text))


def _arith(node: Node) -> Run:
    _, op, left_node, right_node = node
    left, right = compiled(left_node), compiled(right_node)
    reads = _reader(node)
    calculate = _ARITHMETIC[op]

    def run(env: Env) -> Any:
        one, other = left(env), right(env)
        if isinstance(one, Unknown) or isinstance(other, Unknown):
            return _missing([one, other])
        if one is None or other is None:
            return reads(env)
        try:
            return _finite(calculate(one, other))
        except (TypeError, ValueError, ArithmeticError):
            return reads(env)

    return run


def _power(base: float, exponent: float) -> float:
    if abs(exponent) > _MAX_POWER:
        raise ValueError("the exponent is too large")
    return math.pow(base, exponent)


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": _power,
}


def _finite(value: Any) -> Any:
    if isinstance(value, complex) or (isinstance(value, float) and not math.isfinite(value)):
        raise ValueError("not a finite number")
    return value


def _neg(node: Node) -> Run:
    inner = compiled(node[1])
    reads = _reader(node)

    def run(env: Env) -> Any:
        value = inner(env)
        if isinstance(value, Unknown):
            return value
        return reads(env) if value is None else -value

    return run


def _call(node: Node) -> Run:
    _, name, argument_nodes = node
    if name in _ABOUT_SLOTS:
        return _about(name, argument_nodes[0])
    arguments = [compiled(argument) for argument in argument_nodes]
    reads = _reader(node)
    function = _FUNCTIONS[name]

    def run(env: Env) -> Any:
        values = [argument(env) for argument in arguments]
        missing = _missing(values)
        if missing is not None:
            return missing
        try:
            return _finite(function(*values))
        except (TypeError, ValueError, ArithmeticError, AttributeError):
            return reads(env)

    return run


def _about(name: str, slot: Node) -> Run:
    _, alias, slot_name = slot
    test = _ABOUT_SLOTS[name]
    return lambda env: test(env[alias].slots.get(slot_name))


_ABOUT_SLOTS: dict[str, Callable[[Any], bool]] = {
    "known": lambda known: known is not None,
    "unknown": lambda known: known is None,
    "given": lambda known: known is not None and known.origin.kind in SET_BY_USER,
    "defaulted": lambda known: known is not None and known.origin.kind == "default",
}


def _end(which: str) -> Callable[[Any], Any]:
    def end(value: Any) -> Any:
        if isinstance(value, Interval):
            return getattr(value, which)
        return +value

    return end


def _place(items: tuple[object, ...], item: object) -> int:
    return next((i for i, other in enumerate(items) if same(other, item)), len(items))


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "min": lambda *values: min(values),
    "max": lambda *values: max(values),
    "abs": abs,
    "log2": math.log2,
    "sqrt": math.sqrt,
    "ceil": math.ceil,
    "floor": math.floor,
    "round": round,
    "len": len,
    "low": _end("low"),
    "high": _end("high"),
    "mid": _end("expected"),
    "place": _place,
    "has": lambda items, item: _within(item, items),
    "subset": lambda some, all_: all(_within(item, all_ or ()) for item in some or ()),
    "startswith": lambda text, start: text is not None and text.startswith(start),
    "like": lambda text, pattern: text is not None and fnmatchcase(text, pattern),
}


def _missing(values: list[Any]) -> Unknown | None:
    needs = [value.needs for value in values if isinstance(value, Unknown)]
    return Unknown(frozenset().union(*needs)) if needs else None


def _reader(node: Node) -> Callable[[Env], Unknown]:
    """What to ask for when a value that is known cannot be calculated with."""
    slots = tuple(_slots(node))
    return lambda env: Unknown(frozenset(env[alias].label(name) for alias, name in slots))


def _slots(node: Node) -> list[tuple[str, str]]:
    if node[0] == "slot":
        return [(node[1], node[2])]
    found = []
    for part in node[1:]:
        if isinstance(part, tuple):
            inner = [part] if part and isinstance(part[0], str) else part
            for item in inner:
                if isinstance(item, tuple):
                    found += _slots(item)
    return found


_COMPILERS: dict[str, Callable[[Node], Run]] = {
    "const": _const,
    "list": _list,
    "slot": _slot,
    "or": _or,
    "cmp": _cmp,
    "arith": _arith,
    "neg": _neg,
    "call": _call,
}
